import { createHash } from 'node:crypto';
import type { IndexRenderer } from '../../packages/index-renderer.ts';
import { listPeople } from '../../packages/permissions.ts';
import { listTags } from '../../packages/tags.ts';
import type { Read, Write } from '../../store/database.ts';
import type { PackageRecord } from '../../store/schema.ts';
import { withAddress } from './index-entry.ts';

export type PackumentForm = 'full' | 'abbreviated';

/** A stored document, with this registry's address put in. */
export interface Packument {
  readonly body: string;
  readonly etag: string;
}

/** Writes both packuments of a package. */
export const packumentRenderer: IndexRenderer = {
  async render(transaction, record) {
    const releases = await readReleases(transaction, record.id);
    const tags = await listTags(transaction, record.id);
    const owners = await listPeople(transaction, record);
    await store(transaction, record.id, 'full', renderFull(record, releases, tags, owners));
    await store(transaction, record.id, 'abbreviated', renderAbbreviated(record, releases, tags));
  },
};

export async function readPackument(
  db: Read,
  packageId: number,
  form: PackumentForm,
  address: string,
): Promise<Packument | undefined> {
  const row = await db
    .selectFrom('documents')
    .select(['body', 'etag'])
    .where('package_id', '=', packageId)
    .where('form', '=', form)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const body = withAddress(row.body, address);
  // The address is part of what is served, so a registry that moved serves another representation.
  return { body, etag: `"${digest(row.etag + address)}"` };
}

/** npm's `_rev`: sent back by a client that changes what it read. */
export function revisionText(record: Pick<PackageRecord, 'revision'>): string {
  return `${record.revision}-pub`;
}

/** The revision in a `_rev`, or `undefined` when we did not write it. */
export function parseRevision(text: string): number | undefined {
  const match = /^(\d{1,15})-pub$/.exec(text);
  return match ? Number(match[1]) : undefined;
}

type ReleaseEntry = Awaited<ReturnType<typeof readReleases>>[number];

async function readReleases(db: Read, packageId: number) {
  return await db
    .selectFrom('releases')
    .select(['version', 'entry', 'short_entry', 'deprecated', 'published_at', 'readme', 'readme_filename'])
    .where('package_id', '=', packageId)
    .where('state', '=', 'published')
    .orderBy('id')
    .execute();
}

/** The versions were rendered when they were published; here they are only put together. */
function versionsText(releases: readonly ReleaseEntry[], entryOf: (release: ReleaseEntry) => string): string {
  const members = releases.map(
    (release) =>
      `${JSON.stringify(release.version)}:${withDeprecation(entryOf(release), release.deprecated)}`,
  );
  return `{${members.join(',')}}`;
}

function withDeprecation(entry: string, message: string | null): string {
  return message === null ? entry : `${entry.slice(0, -1)},"deprecated":${JSON.stringify(message)}}`;
}

function renderFull(
  record: PackageRecord,
  releases: readonly ReleaseEntry[],
  tags: Readonly<Record<string, string>>,
  owners: readonly { name: string; email: string | null }[],
): string {
  const latest = releases.find((release) => release.version === tags['latest']);
  const times = releases.map((release) => [release.version, isoTime(release.published_at)] as const);
  const head = {
    _id: record.name,
    _rev: revisionText(record),
    name: record.name,
    'dist-tags': tags,
    time: {
      created: isoTime(record.created_at),
      modified: isoTime(record.updated_at),
      ...Object.fromEntries(times),
    },
    maintainers: owners.map(({ name, email }) => ({ name, email: email ?? '' })),
    ...(latest && aboutLatest(latest)),
  };
  return `${JSON.stringify(head).slice(0, -1)},"versions":${versionsText(releases, (release) => release.entry)}}`;
}

/** What npm repeats on top from the latest version, for those who show a package. */
const shownOnTop = [
  'description',
  'keywords',
  'license',
  'homepage',
  'repository',
  'bugs',
  'author',
  'contributors',
];

function aboutLatest(latest: ReleaseEntry): Record<string, unknown> {
  const entry = JSON.parse(latest.entry) as Record<string, unknown>;
  const shown = Object.fromEntries(shownOnTop.flatMap((key) => (key in entry ? [[key, entry[key]]] : [])));
  return { ...shown, readme: latest.readme ?? '', readmeFilename: latest.readme_filename ?? '' };
}

function renderAbbreviated(
  record: PackageRecord,
  releases: readonly ReleaseEntry[],
  tags: Readonly<Record<string, string>>,
): string {
  const head = { name: record.name, modified: isoTime(record.updated_at), 'dist-tags': tags };
  return `${JSON.stringify(head).slice(0, -1)},"versions":${versionsText(releases, (release) => release.short_entry)}}`;
}

async function store(
  transaction: Write,
  packageId: number,
  form: PackumentForm,
  body: string,
): Promise<void> {
  const document = { body, etag: digest(body) };
  await transaction
    .insertInto('documents')
    .values({ package_id: packageId, form, ...document })
    .onConflict((conflict) => conflict.columns(['package_id', 'form']).doUpdateSet(document))
    .execute();
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

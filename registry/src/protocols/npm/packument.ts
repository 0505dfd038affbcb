import type { IndexRenderer } from '../../packages/index-renderer.ts';
import { listPeople } from '../../packages/permissions.ts';
import { listTags } from '../../packages/tags.ts';
import type { Read } from '../../store/database.ts';
import type { PackageRecord } from '../../store/schema.ts';
import { withAddress, withPublisherAddress } from './index-entry.ts';

export type PackumentForm = 'full' | 'abbreviated';

/** Puts a packument together from what each release keeps of itself. */
export const packumentRenderer: IndexRenderer = {
  async render(db, { record, form, address }) {
    const text = form === 'full' ? await renderFull(db, record) : await renderAbbreviated(db, record);
    return text === undefined ? undefined : withAddress(text, address);
  },
};

/** npm's `_rev`: sent back by a client that changes what it read. */
export function revisionText(record: Pick<PackageRecord, 'revision'>): string {
  return `${record.revision}-pub`;
}

/** The revision in a `_rev`, or `undefined` when we did not write it. */
export function parseRevision(text: string): number | undefined {
  const match = /^(\d{1,15})-pub$/.exec(text);
  return match ? Number(match[1]) : undefined;
}

/** What both forms hold of a release. `entry` is the part that differs; JSON text. */
interface ReleaseEntry {
  readonly version: string;
  readonly entry: string;
  readonly deprecated: string | null;
}

function releasesOf(db: Read, packageId: number) {
  return db
    .selectFrom('releases')
    .where('package_id', '=', packageId)
    .where('state', '=', 'published')
    .orderBy('id');
}

/** The versions were rendered when they were published; here they are only put together. */
function versionsText(releases: readonly ReleaseEntry[]): string {
  const members = releases.map(
    ({ version, entry, deprecated }) => `${JSON.stringify(version)}:${withDeprecation(entry, deprecated)}`,
  );
  return `{${members.join(',')}}`;
}

function withDeprecation(entry: string, message: string | null): string {
  return message === null ? entry : `${entry.slice(0, -1)},"deprecated":${JSON.stringify(message)}}`;
}

async function renderFull(db: Read, record: PackageRecord): Promise<string | undefined> {
  const releases = await releasesOf(db, record.id)
    .select(['version', 'entry', 'deprecated', 'published_at'])
    .execute();
  if (releases.length === 0) return undefined;
  const tags = await listTags(db, record.id);
  const people = await listPeople(db, record);
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
    maintainers: people.map(({ name, email }) => ({ name, email: email ?? '' })),
    ...(latest && (await aboutLatest(db, record, latest))),
  };
  const versions = releases.map((release) => ({
    ...release,
    entry: withPublisherAddress(release.entry, `${record.name}@${release.version}`, people),
  }));
  return `${JSON.stringify(head).slice(0, -1)},"versions":${versionsText(versions)}}`;
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

async function aboutLatest(
  db: Read,
  { id }: PackageRecord,
  { version, entry: text }: ReleaseEntry,
): Promise<Record<string, unknown>> {
  const entry = JSON.parse(text) as Record<string, unknown>;
  const shown = Object.fromEntries(shownOnTop.flatMap((key) => (key in entry ? [[key, entry[key]]] : [])));
  const { readme, readme_filename } = await releasesOf(db, id)
    .select(['readme', 'readme_filename'])
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  return { ...shown, readme: readme ?? '', readmeFilename: readme_filename ?? '' };
}

async function renderAbbreviated(db: Read, record: PackageRecord): Promise<string | undefined> {
  const releases = await releasesOf(db, record.id)
    .select(['version', 'short_entry as entry', 'deprecated'])
    .execute();
  if (releases.length === 0) return undefined;
  const tags = await listTags(db, record.id);
  const head = { name: record.name, modified: isoTime(record.updated_at), 'dist-tags': tags };
  return `${JSON.stringify(head).slice(0, -1)},"versions":${versionsText(releases)}}`;
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

import compare from 'semver/functions/compare.js';
import prerelease from 'semver/functions/prerelease.js';
import valid from 'semver/functions/valid.js';
import validRange from 'semver/ranges/valid.js';
import type { Requester } from '../accounts/actor.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import { type Placeholders, statement } from '../store/statement.ts';
import { changePackage } from './change-package.ts';
import type { PackageId } from './packages.ts';
import { getPublishedVersion } from './published-version.ts';

/** Names that a version range could be mistaken for are no tags: `npm install tool@1` would be ambiguous. */
export function parseTag(text: unknown): string {
  const acceptable =
    typeof text === 'string' &&
    /^[A-Za-z][A-Za-z0-9._-]{0,99}$/.test(text) &&
    // Only "v1" and "x" begin as a range does; taking a text apart as one takes longer than all else here.
    !(/^[vx]/i.test(text) && (valid(text) !== null || validRange(text) !== null));
  if (!acceptable) {
    throw new Refusal(
      'bad_request',
      'a tag begins with a letter, has at most 100 letters, digits, ".", "_" and "-", and is no version range',
    );
  }
  return text;
}

export async function listTags(db: Read, packageId: number): Promise<Record<string, string>> {
  const rows = await db
    .selectFrom('tags')
    .selectAll()
    .where('package_id', '=', packageId)
    .orderBy('name')
    .execute();
  return Object.fromEntries(rows.map((row) => [row.name, row.version]));
}

export async function setTag(
  services: Services,
  requester: Requester,
  id: PackageId,
  { tag, version }: { readonly tag: string; readonly version: string },
): Promise<void> {
  await changePackage(services, requester, id, {
    kind: 'write',
    why: `moving the tag ${tag} of ${id.name} needs it`,
    act: { action: 'tag:set', details: { tag, version } },
    async apply(transaction, record) {
      await getPublishedVersion(transaction, record, version);
      await putTag(transaction, record.id, tag, version);
      return [{ tag: 'package:tag-set', details: { tag, version } }];
    },
  });
}

/**
 * Removes the tags of versions that are gone. `latest` moves to the highest one that is left, to a prerelease
 * only where there is nothing else.
 */
export async function dropTags(transaction: Write, packageId: number): Promise<void> {
  const rows = await transaction
    .selectFrom('releases')
    .select('version')
    .where('package_id', '=', packageId)
    .where('state', '=', 'published')
    .execute();
  const left = rows.map(({ version }) => version).sort(compare);
  const tags = await listTags(transaction, packageId);
  const gone = Object.keys(tags).filter((tag) => !left.includes(tags[tag] as string));
  if (gone.length === 0) return;
  await transaction
    .deleteFrom('tags')
    .where('package_id', '=', packageId)
    .where('name', 'in', gone)
    .execute();
  const highest = left.findLast((version) => prerelease(version) === null) ?? left.at(-1);
  if (gone.includes('latest') && highest !== undefined)
    await putTag(transaction, packageId, 'latest', highest);
}

export async function removeTag(
  services: Services,
  requester: Requester,
  id: PackageId,
  tag: string,
): Promise<void> {
  if (tag === 'latest') throw new Refusal('bad_request', 'the tag latest can be moved but not removed');
  await changePackage(services, requester, id, {
    kind: 'write',
    why: `removing the tag ${tag} of ${id.name} needs it`,
    act: { action: 'tag:remove', details: { tag } },
    async apply(transaction, record) {
      const result = await transaction
        .deleteFrom('tags')
        .where('package_id', '=', record.id)
        .where('name', '=', tag)
        .executeTakeFirst();
      if (result.numDeletedRows !== 1n) throw new Refusal('not_found', `${id.name} has no tag ${tag}`);
      return [{ tag: 'package:tag-removed', details: { tag } }];
    },
  });
}

export async function putTag(
  transaction: Write,
  packageId: number,
  tag: string,
  version: string,
): Promise<void> {
  await insertOrMove.run(transaction, { packageId, tag, version });
}

const insertOrMove = statement((db, { packageId, tag, version }: Placeholders<TagValues>) =>
  db
    .insertInto('tags')
    .values({ package_id: packageId, name: tag, version })
    .onConflict((conflict) => conflict.columns(['package_id', 'name']).doUpdateSet({ version })),
);

interface TagValues {
  packageId: number;
  tag: string;
  version: string;
}

/** The tags of a release that becomes public. The first one of a package is `latest`, whatever its tag. */
export async function tagRelease(
  transaction: Write,
  packageId: number,
  tag: string,
  version: string,
): Promise<void> {
  await putTag(transaction, packageId, tag, version);
  if (tag !== 'latest') await insertIfFree.run(transaction, { packageId, tag: 'latest', version });
}

const insertIfFree = statement((db, { packageId, tag, version }: Placeholders<TagValues>) =>
  db
    .insertInto('tags')
    .values({ package_id: packageId, name: tag, version })
    .onConflict((conflict) => conflict.columns(['package_id', 'name']).doNothing()),
);

import type { Actor, Program } from '../accounts/actor.ts';
import type { ProofFactor } from '../accounts/second-factor/proof-factor.ts';
import { keptToken } from '../accounts/tokens.ts';
import { recordEvent } from '../audit/log.ts';
import { Refusal } from '../errors.ts';
import { type PackageId, packageSubject } from '../packages/packages.ts';
import { takeScope } from '../packages/scopes.ts';
import type { Services } from '../services.ts';
import type { Write } from '../store/database.ts';
import type { PackageRecord, ReleaseRow } from '../store/schema.ts';
import { columns, type Placeholders, statement } from '../store/statement.ts';
import { badArchive } from './archive/bad-archive.ts';
import { settleAccess } from './first-access.ts';
import { keepAttestation } from './keep-attestation.ts';
import { sealed } from './seal.ts';
import type { ExactRelease } from './standing.ts';
import type { Submission } from './submission.ts';
import { keepSummary } from './summary.ts';

/** What is written of a release when it arrives, whether it becomes public then or waits for that. */
export interface Step {
  readonly transaction: Write;
  readonly services: Pick<Services, 'blobs' | 'ecosystems' | 'signingKeys'>;
  readonly actor: Actor;
  readonly id: ExactRelease;
  readonly submission: Submission;
  readonly now: number;
}

const insertPackage = statement(
  (
    db,
    {
      ecosystem,
      name,
      access,
      now,
    }: Placeholders<PackageId & { access: 'public' | 'restricted'; now: number }>,
  ) =>
    db
      .insertInto('packages')
      .values({
        ecosystem,
        name,
        access,
        require_2fa: 0,
        revision: 0,
        created_at: now,
        updated_at: now,
      })
      .returningAll(),
);

const insertOwner = statement(
  (db, row: Placeholders<{ packageId: number; accountId: number; now: number }>) =>
    db
      .insertInto('owners')
      .values({ package_id: row.packageId, account_id: row.accountId, added_at: row.now }),
);

/**
 * A new package belongs to whoever publishes or stages it first, or to the organisation that holds its scope,
 * whose members need no name on it.
 */
export async function createPackage({
  transaction,
  actor,
  id,
  submission,
  now,
}: Step): Promise<PackageRecord> {
  const { ecosystem, name } = id;
  const access = submission.access ?? 'public';
  const created = await insertPackage.get(transaction, { ecosystem, name, access, now });
  const holder = await takeScope(transaction, actor, name, now);
  if (holder === undefined || holder.organisation_id === null) {
    await insertOwner.run(transaction, { packageId: created.id, accountId: actor.accountId, now });
  }
  await recordEvent(transaction, now, {
    tag: 'package:created',
    actor: actor.name,
    subject: packageSubject(id),
  });
  return created;
}

const releaseColumns = [
  'package_id',
  'version',
  'state',
  'sha256',
  'size',
  'publisher_id',
  'factor',
  'entry',
  'short_entry',
  'readme',
  'readme_filename',
  'deprecated',
  'signed_by',
  'published_at',
  'stage_id',
  'staged_at',
  'staged_by_token',
  'staged_agent',
  'staged_address',
  'tag',
] as const;

const insertRow = statement((db, row: Placeholders<Pick<ReleaseRow, (typeof releaseColumns)[number]>>) =>
  db.insertInto('releases').values(columns(row, releaseColumns)).returning('id'),
);

/** How a release begins. */
type Beginning =
  | { readonly state: 'published'; readonly factor: ProofFactor | null }
  | { readonly state: 'staged'; readonly stageId: string; readonly program: Program };

export async function insertRelease(
  { transaction, services, actor, id, submission, now }: Step,
  record: PackageRecord,
  beginning: Beginning,
): Promise<void> {
  await settleAccess(transaction, record, submission);
  const { archive, readme } = submission;
  const { entry, shortEntry, signedBy } =
    beginning.state === 'published' ? sealed(services, id, submission) : { ...submission, signedBy: null };
  const texts = { entry: JSON.stringify(entry), shortEntry: JSON.stringify(shortEntry) };
  await makeRoom(transaction, record.id, id, texts);
  await services.blobs.keepIn(transaction, archive);
  const { id: releaseId } = await insertRow.get(transaction, {
    package_id: record.id,
    version: id.version,
    state: beginning.state,
    sha256: archive.sha256,
    size: archive.size,
    publisher_id: actor.accountId,
    factor: beginning.state === 'published' ? beginning.factor : null,
    entry: texts.entry,
    short_entry: texts.shortEntry,
    readme: readme?.text ?? null,
    readme_filename: readme?.fileName ?? null,
    deprecated: null,
    signed_by: signedBy,
    published_at: now,
    ...(beginning.state === 'staged' ? stageOf(beginning, actor, submission.tag, now) : notStaged),
  });
  await keepSummary(transaction, releaseId, submission.entry);
  await keepAttestation(transaction, releaseId, submission);
}

/** An archive may hold little and say much: its index is read by everybody, and rendered whole. */
const [largestEntry, largestIndex] = [1024 * 1024, 32 * 1024 * 1024];

/** Throws `bad_archive` for an entry, and `conflict` for an index, that would be too large. */
async function makeRoom(
  transaction: Write,
  packageId: number,
  { name }: ExactRelease,
  { entry, shortEntry }: Readonly<Record<'entry' | 'shortEntry', string>>,
): Promise<void> {
  const size = Math.max(Buffer.byteLength(entry), Buffer.byteLength(shortEntry));
  if (size > largestEntry) {
    throw badArchive(`what its manifest says takes ${size} bytes in the index, and at most ${largestEntry}`);
  }
  const { index_size } = await growIndex.get(transaction, { packageId, size });
  if (index_size <= largestIndex) return;
  throw new Refusal(
    'conflict',
    `the manifests of all versions of ${name} together would be larger than ${largestIndex} bytes: publish under another name`,
  );
}

const growIndex = statement((db, { packageId, size }: Placeholders<{ packageId: number; size: number }>) =>
  db
    .updateTable('packages')
    .set((eb) => ({ index_size: eb('index_size', '+', size) }))
    .where('id', '=', packageId)
    .returning('index_size'),
);

const notStaged = {
  stage_id: null,
  staged_at: null,
  staged_by_token: null,
  staged_agent: null,
  staged_address: null,
  tag: null,
};

function stageOf(
  { stageId, program }: Extract<Beginning, { state: 'staged' }>,
  actor: Actor,
  tag: string,
  now: number,
) {
  return {
    stage_id: stageId,
    staged_at: now,
    staged_by_token: keptToken(actor) ?? null,
    staged_agent: program.agent,
    staged_address: program.address,
    tag,
  };
}

import { Refusal } from '../errors.ts';
import type { Read, Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import type { Submission } from './submission.ts';

type Asked = Pick<Submission, 'access'>;

/**
 * Who may read a package is said with its first release. One that was handed in and rejected was seen by nobody, so the
 * next one still says it. To a package that is public nothing restricted is published by mistake: throws `conflict`.
 */
export async function settleAccess(transaction: Write, record: PackageRecord, asked: Asked): Promise<void> {
  const { access } = asked;
  if (access === undefined || access === record.access) return;
  if (await wasNeverPublic(transaction, record)) {
    await transaction.updateTable('packages').set({ access }).where('id', '=', record.id).execute();
  } else refuseExposure(record, asked);
}

/** The same before the transaction, where nothing is changed yet. */
export async function refuseOtherAccess(db: Read, record: PackageRecord, asked: Asked): Promise<void> {
  if (asked.access === undefined || asked.access === record.access) return;
  if (!(await wasNeverPublic(db, record))) refuseExposure(record, asked);
}

function refuseExposure({ name, access }: PackageRecord, asked: Asked): void {
  if (asked.access !== 'restricted' || access !== 'public') return;
  throw new Refusal(
    'conflict',
    `${name} is public, and everybody would read this version: make it private first (\`npm access set status=private ${name}\`), or leave the access out`,
  );
}

async function wasNeverPublic(db: Read, { id }: PackageRecord): Promise<boolean> {
  const seen = await db
    .selectFrom('releases')
    .select('id')
    .where('package_id', '=', id)
    .where('state', 'in', ['published', 'unpublished'])
    .limit(1)
    .executeTakeFirst();
  return seen === undefined;
}

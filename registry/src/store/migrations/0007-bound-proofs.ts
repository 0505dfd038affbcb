import type { Kysely } from 'kysely';

/** Proofs for more than one release, each good once, and tokens that are good for one act. */
export async function addBoundProofs(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('approval_uses')
    .addColumn('approval_id', 'integer', (c) => c.notNull().references('approvals.id'))
    .addColumn('act', 'text', (c) => c.notNull())
    .addColumn('used_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('approval_uses_key', ['approval_id', 'act'])
    .execute();
  for (const column of ['act', 'factor'] as const)
    await db.schema.alterTable('tokens').addColumn(column, 'text').execute();
  await db.schema
    .alterTable('tokens')
    .addColumn('parent_id', 'integer', (c) => c.references('tokens.id'))
    .execute();
}

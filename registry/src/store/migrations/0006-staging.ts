import type { Kysely } from 'kysely';

/** Releases that wait for somebody to approve them. */
export async function addStaging(db: Kysely<unknown>): Promise<void> {
  for (const column of ['stage_id', 'staged_agent', 'staged_address', 'tag'] as const)
    await db.schema.alterTable('releases').addColumn(column, 'text').execute();
  for (const column of ['staged_at', 'decided_at'] as const)
    await db.schema.alterTable('releases').addColumn(column, 'bigint').execute();
  await db.schema
    .alterTable('releases')
    .addColumn('staged_by_token', 'integer', (c) => c.references('tokens.id'))
    .execute();
  await db.schema
    .alterTable('releases')
    .addColumn('decided_by', 'integer', (c) => c.references('accounts.id'))
    .execute();
  await db.schema.createIndex('releases_stage').on('releases').column('stage_id').unique().execute();
}

import { type Kysely, sql } from 'kysely';

/** What npm's clients read beside the packument: signatures of the registry, and statements of provenance. */
export async function addSignatures(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('releases').addColumn('signed_by', 'text').execute();
  await db.schema.alterTable('releases').addColumn('unpublished_at', 'bigint').execute();
  // Small: a release is signed in the transaction that publishes it.
  await sql`create index releases_unsigned on releases (package_id)
    where signed_by is null and state = 'published'`.execute(db);
  await db.schema
    .createTable('attestations')
    .addColumn('release_id', 'integer', (c) => c.primaryKey().references('releases.id'))
    .addColumn('predicate_type', 'text', (c) => c.notNull())
    .addColumn('bundle', 'text', (c) => c.notNull())
    .execute();
}

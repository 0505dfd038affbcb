import { type Kysely, sql } from 'kysely';

/** How much of its index a package takes, so that it can be bounded without reading all of it. */
export async function addIndexSizes(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('packages')
    .addColumn('index_size', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await sql`update packages set index_size = coalesce((
    select sum(max(length(cast(entry as blob)), length(cast(short_entry as blob))))
    from releases where package_id = packages.id), 0)`.execute(db);
}

import { type Kysely, sql } from 'kysely';

/** What crates take: yanked versions, and names of which only one spelling may be there. */
export async function addCargo(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('releases')
    .addColumn('yanked', 'integer', (c) => c.notNull().defaultTo(0).check(sql`yanked in (0, 1)`))
    .execute();
  // Searched by `protocols/cargo/find-crate.ts` in these very words.
  await sql`create unique index packages_crate_name on packages (replace(lower(name), '-', '_')) where ecosystem = 'cargo'`.execute(
    db,
  );
}

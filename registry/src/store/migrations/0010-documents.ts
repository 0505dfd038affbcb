import type { Kysely } from 'kysely';

/** Documents are rendered when they are read, from what the releases hold. */
export async function dropDocuments(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('documents').execute();
}

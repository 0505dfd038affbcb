import { type Kysely, sql } from 'kysely';

/** Small archives are rows of the commit that names them; and what is due in the outbox is found without sorting. */
export async function addSmallBlobs(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('blobs')
    .addColumn('sha256', 'text', (c) => c.primaryKey())
    .addColumn('bytes', sql`blob`, (c) => c.notNull())
    .execute();
  await db.schema.dropIndex('outbox_next').execute();
  await sql`create index outbox_waiting on outbox (id) where sent_at is null`.execute(db);
  await sql`create index outbox_sent on outbox (sent_at) where sent_at is not null`.execute(db);
}

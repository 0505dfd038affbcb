import { type Kysely, sql } from 'kysely';

export async function createAudit(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit_events')
    .addColumn('sequence', 'bigint', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('tag', 'text', (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('details', 'text', (c) => c.notNull())
    .addColumn('previous', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .execute();
  // An account reads its own events, which must not take reading everybody's.
  for (const column of ['actor', 'subject'] as const) {
    await db.schema
      .createIndex(`audit_events_${column}`)
      .on('audit_events')
      .columns([column, 'sequence'])
      .execute();
  }
  // The program never updates or deletes an event; the database refuses it too, so that a mistake shows.
  for (const act of ['update', 'delete']) {
    await sql`create trigger ${sql.raw(`audit_events_no_${act}`)} before ${sql.raw(act)} on audit_events
      begin select raise(abort, 'audit events are never changed'); end`.execute(db);
  }
  // `insert or replace` is neither an update nor a delete to SQLite.
  await sql`create trigger audit_events_in_order before insert on audit_events
    when new.sequence <> (select coalesce(max(sequence), 0) + 1 from audit_events)
    begin select raise(abort, 'audit events are only added at the end'); end`.execute(db);
}

import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

type Database = Kysely<unknown>;

/** In order; a name, once released, never changes, and neither does what stands behind it. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-accounts': { up: createAccounts },
  '0002-packages': { up: createPackages },
  '0003-audit': { up: createAudit },
};

async function createAccounts(db: Database): Promise<void> {
  await db.schema
    .createTable('accounts')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('email', 'text')
    .addColumn('password_hash', 'text', (c) => c.notNull())
    .addColumn('profile', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('totp_factors')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('account_id', 'integer', (c) => c.notNull().references('accounts.id'))
    .addColumn('state', 'text', (c) => c.notNull().check(sql`state in ('active', 'pending')`))
    .addColumn('mode', 'text', (c) => c.notNull().check(sql`mode in ('auth-only', 'auth-and-writes')`))
    .addColumn('seed', 'text', (c) => c.notNull())
    .addColumn('last_step', 'bigint', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('totp_factors_one_of_each', ['account_id', 'state'])
    .execute();
  await db.schema
    .createTable('recovery_codes')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('account_id', 'integer', (c) => c.notNull().references('accounts.id'))
    .addColumn('hash', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .execute();
  await db.schema.createIndex('recovery_codes_account').on('recovery_codes').column('account_id').execute();
  await db.schema
    .createTable('tokens')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('account_id', 'integer', (c) => c.notNull().references('accounts.id'))
    .addColumn('hash', 'text', (c) => c.notNull().unique())
    .addColumn('label', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('revoked_at', 'bigint')
    .execute();
  await db.schema
    .createTable('attempts')
    .addColumn('subject', 'text', (c) => c.primaryKey())
    .addColumn('failures', 'integer', (c) => c.notNull())
    .addColumn('forget_at', 'bigint')
    .addColumn('blocked_until', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('attempts_forgotten').on('attempts').column('forget_at').execute();
}

async function createPackages(db: Database): Promise<void> {
  await db.schema
    .createTable('packages')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('ecosystem', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('access', 'text', (c) => c.notNull().check(sql`access in ('public', 'restricted')`))
    .addColumn('require_2fa', 'integer', (c) => c.notNull())
    .addColumn('revision', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('packages_name', ['ecosystem', 'name'])
    .execute();
  await db.schema
    .createTable('owners')
    .addColumn('package_id', 'integer', (c) => c.notNull().references('packages.id'))
    .addColumn('account_id', 'integer', (c) => c.notNull().references('accounts.id'))
    .addColumn('added_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('owners_key', ['package_id', 'account_id'])
    .execute();
  await db.schema.createIndex('owners_account').on('owners').column('account_id').execute();
  await db.schema
    .createTable('releases')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('package_id', 'integer', (c) => c.notNull().references('packages.id'))
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('size', 'bigint', (c) => c.notNull())
    .addColumn('publisher_id', 'integer', (c) => c.notNull().references('accounts.id'))
    .addColumn('factor', 'text')
    .addColumn('entry', 'text', (c) => c.notNull())
    .addColumn('short_entry', 'text', (c) => c.notNull())
    .addColumn('readme', 'text')
    .addColumn('readme_filename', 'text')
    .addColumn('deprecated', 'text')
    .addColumn('published_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('releases_version', ['package_id', 'version'])
    .execute();
  await db.schema
    .createTable('tags')
    .addColumn('package_id', 'integer', (c) => c.notNull().references('packages.id'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('tags_key', ['package_id', 'name'])
    .execute();
  await db.schema
    .createTable('documents')
    .addColumn('package_id', 'integer', (c) => c.notNull().references('packages.id'))
    .addColumn('form', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('etag', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('documents_key', ['package_id', 'form'])
    .execute();
}

async function createAudit(db: Database): Promise<void> {
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

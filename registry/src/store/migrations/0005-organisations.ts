import { type Kysely, sql } from 'kysely';

/** Who a package belongs to beyond single accounts: roles, invitations, organisations and their scopes. */
export async function addOrganisations(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('owners')
    .addColumn('role', 'text', (c) =>
      c.notNull().defaultTo('owner').check(sql`role in ('owner', 'maintainer')`),
    )
    .execute();
  await db.schema
    .createTable('invitations')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('package_id', 'integer', (c) => c.notNull().references('packages.id'))
    .addColumn('account_id', 'integer', (c) => c.notNull().references('accounts.id'))
    .addColumn('role', 'text', (c) => c.notNull().check(sql`role in ('owner', 'maintainer')`))
    .addColumn('invited_by', 'integer', (c) => c.notNull().references('accounts.id'))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('answered_at', 'bigint')
    .addColumn('answer', 'text')
    .execute();
  await db.schema
    .createTable('organisations')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('require_2fa', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('members')
    .addColumn('organisation_id', 'integer', (c) => c.notNull().references('organisations.id'))
    .addColumn('account_id', 'integer', (c) => c.notNull().references('accounts.id'))
    .addColumn('role', 'text', (c) => c.notNull().check(sql`role in ('owner', 'member')`))
    .addColumn('added_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('members_key', ['organisation_id', 'account_id'])
    .execute();
  await db.schema
    .createTable('scopes')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('account_id', 'integer', (c) => c.references('accounts.id'))
    .addColumn('organisation_id', 'integer', (c) => c.references('organisations.id'))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addCheckConstraint('scopes_one_holder', sql`(account_id is null) <> (organisation_id is null)`)
    .execute();
  await db.schema
    .alterTable('packages')
    .addColumn('organisation_id', 'integer', (c) => c.references('organisations.id'))
    .execute();
  await createTransfers(db);
  await db.schema.createIndex('invitations_account').on('invitations').column('account_id').execute();
  await db.schema.createIndex('members_account').on('members').column('account_id').execute();
}

async function createTransfers(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('transfers')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('package_id', 'integer', (c) => c.references('packages.id'))
    .addColumn('scope', 'text', (c) => c.references('scopes.name'))
    .addColumn('account_id', 'integer', (c) => c.references('accounts.id'))
    .addColumn('organisation_id', 'integer', (c) => c.references('organisations.id'))
    .addColumn('keep', 'text', (c) => c.notNull())
    .addColumn('offered_by', 'integer', (c) => c.notNull().references('accounts.id'))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('answered_at', 'bigint')
    .addColumn('answer', 'text')
    .addCheckConstraint('transfers_one_thing', sql`(package_id is null) <> (scope is null)`)
    .addCheckConstraint('transfers_one_receiver', sql`(account_id is null) <> (organisation_id is null)`)
    .execute();
}

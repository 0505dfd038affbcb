import { type Kysely, sql } from 'kysely';

export async function createPackages(db: Kysely<unknown>): Promise<void> {
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

import { type Kysely, type RawBuilder, sql } from 'kysely';

/** What a search looks at and tells of a release, so that it reads no manifests, which may be long. */
export async function addSummaries(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('release_summaries')
    .addColumn('release_id', 'integer', (c) => c.primaryKey().references('releases.id'))
    .addColumn('description', 'text')
    .addColumn('keywords', 'text', (c) => c.notNull())
    .addColumn('license', 'text')
    .addColumn('links', 'text', (c) => c.notNull())
    .execute();
  await sql`insert into release_summaries (release_id, description, keywords, license, links)
    select id, substr(${text('$.description')}, 1, 300),
      (select json_group_array(substr(value, 1, 100)) from
        (select value from json_each(entry, '$.keywords') where type = 'text'
          and json_type(entry, '$.keywords') = 'array' limit 50)),
      substr(${text('$.license')}, 1, 100),
      json_patch('{}', json_object('homepage', ${link('homepage')}, 'repository', ${link('repository')}, 'bugs', ${link('bugs')}))
    from releases`.execute(db);
}

function text(path: string): RawBuilder<string | null> {
  return sql`iif(json_type(entry, ${path}) = 'text', json_extract(entry, ${path}), null)`;
}

/** Written as an address, or as an object with one. A long one is none. */
function link(member: string): RawBuilder<string | null> {
  const url = sql`coalesce(${text(`$.${member}`)}, ${text(`$.${member}.url`)})`;
  return sql`iif(length(${url}) <= 500, ${url}, null)`;
}

import { type CompiledQuery, type Expression, type Kysely, sql } from 'kysely';
import type { Read, Write } from './database.ts';
import type { Schema } from './schema.ts';

/** Values that a statement is given when it is run, by their names. */
export type Placeholders<Parameters> = {
  readonly [Name in keyof Parameters]: Expression<Parameters[Name]>;
};

export interface Statement<Parameters, Row> {
  all(db: Read, parameters: Parameters): Promise<Row[]>;
  first(db: Read, parameters: Parameters): Promise<Row | undefined>;
  /** Throws where there is no row. */
  get(db: Read, parameters: Parameters): Promise<Row>;
  /** How many rows were changed. */
  run(transaction: Write, parameters: Parameters): Promise<number>;
}

/**
 * A query that is built once and run often: building one and turning it into SQL takes ten times as long as SQLite
 * does for most of them. For what every publish asks; what is asked now and then is written out where it is asked.
 *
 * A value that is always the same is written with `sql.lit`: SQLite looks at a bound value to choose an index, and
 * then prepares the statement anew each time one is bound (measured: a `limit` takes 7 µs instead of 1).
 */
export function statement<Parameters extends object, Row>(
  build: (db: Kysely<Schema>, parameters: Placeholders<Parameters>) => { compile(): CompiledQuery<Row> },
): Statement<Parameters, Row> {
  let compiled: CompiledQuery<Row> | undefined;
  const execute = async (db: Read | Write, parameters: Parameters) => {
    // Whatever can be read from is a Kysely, of the one kind of database that a process has.
    const kysely = db as Kysely<Schema>;
    compiled ??= build(kysely, placeholders<Parameters>()).compile();
    return await kysely.getExecutor().executeQuery<Row>(withValues(compiled, parameters));
  };
  return {
    all: async (db, parameters) => (await execute(db, parameters)).rows,
    first: async (db, parameters) => (await execute(db, parameters)).rows[0],
    async get(db, parameters) {
      const [row] = (await execute(db, parameters)).rows;
      if (row === undefined) throw new Error('a row that must be there is not');
      return row;
    },
    run: async (transaction, parameters) =>
      Number((await execute(transaction, parameters)).numAffectedRows ?? 0),
  };
}

/** The placeholders of a row that is inserted, by the names of its columns. */
export function columns<Row, Name extends keyof Row>(
  row: Placeholders<Row>,
  names: readonly Name[],
): Pick<Placeholders<Row>, Name> {
  return Object.fromEntries(names.map((name) => [name, row[name]])) as Pick<Placeholders<Row>, Name>;
}

/** What stands in a compiled query where a value belongs. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

function placeholders<Parameters>(): Placeholders<Parameters> {
  return new Proxy({} as Placeholders<Parameters>, {
    get: (_target, name) => sql`${new Placeholder(String(name))}`,
  });
}

function withValues<Row>(compiled: CompiledQuery<Row>, values: object): CompiledQuery<Row> {
  const parameters = compiled.parameters.map((parameter) =>
    parameter instanceof Placeholder ? (values as Record<string, unknown>)[parameter.name] : parameter,
  );
  return { ...compiled, parameters };
}

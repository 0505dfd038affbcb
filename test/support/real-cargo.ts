import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { CommandOptions } from './clients.ts';
import type { FreshHome } from './fresh-home.ts';
import { expectSuccess, type Finished, run } from './processes.ts';

/** The real cargo of this machine, in one fresh home: nothing of the developer's own registries and tokens. */
export interface Cargo {
  /** To the end, whatever the exit code. */
  run(args: readonly string[], options?: CommandOptions): Promise<Finished>;
  /** To the end; another exit code than 0 is an error that shows the output. */
  succeed(args: readonly string[], options?: CommandOptions): Promise<Finished>;
  /** What starts it, and the environment it runs in, for a test that does so itself. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

export function cargo(home: FreshHome): Cargo {
  const folder = folderOnPath('cargo');
  if (folder === undefined) throw new Error('cargo is not on the path');
  const env = {
    ...home.env,
    PATH: [folder, home.env['PATH']].join(delimiter),
    CARGO_HOME: join(home.path, '.cargo'),
    CARGO_TERM_COLOR: 'never',
    ...toolchain(),
  };
  const finished = (args: readonly string[], options: CommandOptions = {}) =>
    run(join(folder, 'cargo'), args, {
      ...options,
      cwd: options.cwd ?? home.path,
      env: { ...env, ...options.env },
    });
  return {
    env,
    program: join(folder, 'cargo'),
    run: finished,
    succeed: async (args, options) => expectSuccess(await finished(args, options)),
  };
}

/** Where rustup keeps the compilers, in the home that tests do without. Debian's cargo needs nothing of the kind. */
function toolchain(): Record<string, string> {
  const folder = process.env['RUSTUP_HOME'] ?? join(homedir(), '.rustup');
  return existsSync(folder) ? { RUSTUP_HOME: folder } : {};
}

function folderOnPath(program: string): string | undefined {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .find((folder) => existsSync(join(folder, program)));
  return found === undefined ? undefined : dirname(join(found, program));
}

export interface CargoRegistry {
  /** As it is called in the configuration. */
  readonly name: string;
  /** Of the registry, without a trailing slash. */
  readonly url: string;
  readonly token?: string | undefined;
}

/** Writes what cargo reads to know a registry and, with a token, an account there. */
export async function configureCargo(home: FreshHome, registries: readonly CargoRegistry[]): Promise<void> {
  const known = registries.map(({ name, url }) => `[registries.${name}]\nindex = "${cargoIndex(url)}"\n`);
  const settings = '[registry]\nglobal-credential-providers = ["cargo:token"]\n[net]\nretry = 0\n';
  await home.file('.cargo/config.toml', settings + known.join(''));
  const tokens = registries.filter(({ token }) => token !== undefined);
  if (tokens.length === 0) return;
  const lines = tokens.map(({ name, token }) => `[registries.${name}]\ntoken = "${token}"\n`);
  await home.file('.cargo/credentials.toml', lines.join(''));
}

/** What a registry under test is called in cargo's configuration. */
export function cargoIndex(registryUrl: string): string {
  return `sparse+${registryUrl}/cargo/index/`;
}

/** Writes a package; `lines` stand behind its `[package]`, and `files` beside its manifest. Gives its folder. */
export async function writePackage(
  home: FreshHome,
  name: string,
  { version = '0.1.0', lines = '', files = {} }: PackageToWrite,
): Promise<string> {
  const head = `[package]\nname = "${name}"\nversion = "${version}"\nedition = "2021"\nlicense = "MIT"\ndescription = "${name} of a test"\n`;
  await home.file(`${name}/Cargo.toml`, head + lines);
  for (const [path, content] of Object.entries(files)) await home.file(`${name}/${path}`, content);
  return join(home.path, name);
}

export interface PackageToWrite {
  readonly version?: string;
  readonly lines?: string;
  readonly files?: Readonly<Record<string, string>>;
}

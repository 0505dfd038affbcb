/** Publishing a crate to the same registry, with cargo and with `pub`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signUp } from '../test/support/accounts.ts';
import { cargoEnvironment, writeCargoConfig } from '../test/support/cargo.ts';
import { pub } from '../test/support/clients.ts';
import { freshHome } from '../test/support/fresh-home.ts';
import { startRegistry } from '../test/support/servers.ts';
import { type Contender, comparePaired, printTable } from './paired.ts';

/** A crate of a few files; the version grows before each run. */
function freshVersions(folder: string, name: string): () => void {
  mkdirSync(join(folder, 'src'), { recursive: true });
  for (let file = 0; file < 20; file += 1) {
    writeFileSync(join(folder, 'src', `part_${file}.rs`), `pub const PART: u32 = ${file};\n`.repeat(50));
  }
  writeFileSync(join(folder, 'src', 'lib.rs'), '//! A crate to be measured.\n');
  let patch = 0;
  return () => {
    patch += 1;
    const fields = [`name = "${name}"`, `version = "1.0.${patch}"`, 'edition = "2021"', 'license = "MIT"'];
    writeFileSync(
      join(folder, 'Cargo.toml'),
      ['[package]', ...fields, 'description = "measured"', ''].join('\n'),
    );
  };
}

await using home = await freshHome();
await using registry = await startRegistry();
const { token } = await signUp(registry.url, 'bench');
await writeCargoConfig(home, registry.url);
const env = { ...cargoEnvironment(home), CARGO_REGISTRIES_LAB_TOKEN: token };
const contenders: readonly Contender[] = [
  {
    name: 'cargo publish --no-verify',
    command: ['cargo', 'publish', '--no-verify', '--registry', 'lab'],
    cwd: join(home.path, 'by-cargo'),
    env,
    prepare: freshVersions(join(home.path, 'by-cargo'), 'by-cargo'),
  },
  {
    name: 'pub publish',
    command: [...pub(home).command, 'publish', '--registry', 'lab'],
    cwd: join(home.path, 'by-pub'),
    env,
    prepare: freshVersions(join(home.path, 'by-pub'), 'by-pub'),
  },
];

printTable('Publish a crate of 20 files', await comparePaired(contenders, 15));

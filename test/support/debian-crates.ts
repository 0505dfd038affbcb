import { existsSync, readdirSync } from 'node:fs';
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parse, stringify } from 'smol-toml';
import type { FreshHome } from './fresh-home.ts';
import { cargo } from './real-cargo.ts';
import type { Lack } from './tools.ts';

/**
 * Real crates of other people: the sources that Debian's `librust-*-dev` packages keep for building. They are packed
 * anew by the real cargo, as crates that depend on each other in the registry under test.
 */

const sources = '/usr/share/cargo/registry';

/** What the program of the test uses; their dependencies come along, more than sixty crates in all. */
const wanted = [
  'anyhow',
  'bitflags',
  'indexmap',
  'itertools',
  'semver',
  'serde',
  'serde_derive',
  'serde_json',
  'smallvec',
];

export function debianCrates(): Lack {
  const there = existsSync(sources) ? readdirSync(sources) : [];
  const missing = wanted.find(
    (name) => !there.some((folder) => /^(.+)-\d/.exec(folder)?.[1]?.startsWith(name)),
  );
  return missing === undefined
    ? undefined
    : `librust-${missing.replaceAll('_', '-')}-dev and others (see .ci/run) are not installed`;
}

/** Parts of Rust's own library, of which Debian keeps copies: their names are reserved. */
const ofTheCompiler = /^(?:compiler_builtins|rustc-std-workspace-.+)-\d/;

export interface PackedCrate {
  readonly name: string;
  readonly version: string;
  readonly archive: Buffer;
  /** Where cargo itself keeps it in an index. */
  readonly path: string;
  /** The line that cargo itself writes into an index of its own, to resolve one from the other. */
  readonly line: CargoLine;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever cargo writes
type CargoLine = any;

/** Packs them all in a workspace in `home`, where the registry is known as `lab`. */
export async function packDebianCrates(home: FreshHome): Promise<PackedCrate[]> {
  const folder = await home.folder('crates');
  for (const name of await readdir(sources)) if (!ofTheCompiler.test(name)) await copyCrate(home, name);
  await home.file('crates/Cargo.toml', '[workspace]\nmembers = ["*-*"]\nresolver = "2"\n');
  const options = ['--no-verify', '--allow-dirty', '--exclude-lockfile', '--offline', '--registry', 'lab'];
  await cargo(home).succeed(['package', '--workspace', ...options], { cwd: folder });
  return await readPacked(join(folder, 'target', 'package', 'tmp-registry'));
}

/** With the registry under test behind each dependency, and without what is about the copy in Debian only. */
async function copyCrate(home: FreshHome, name: string): Promise<void> {
  const target = join(home.path, 'crates', name);
  await cp(join(sources, name), target, { recursive: true });
  for (const left of ['.cargo-checksum.json', '.cargo_vcs_info.json', 'Cargo.toml.orig'])
    await rm(join(target, left), { force: true });
  const manifest = parse(await readFile(join(target, 'Cargo.toml'), 'utf8')) as Tables;
  delete manifest['profile'];
  for (const tables of [manifest, ...(Object.values(manifest['target'] ?? {}) as Tables[])]) {
    for (const kind of ['dependencies', 'dev-dependencies', 'build-dependencies'])
      pointToLab(tables[kind] ?? {});
  }
  await home.file(`crates/${name}/Cargo.toml`, stringify(manifest));
}

// biome-ignore lint/suspicious/noExplicitAny: whatever is in a manifest
type Tables = Record<string, any>;

function pointToLab(dependencies: Tables): void {
  for (const [name, value] of Object.entries(dependencies)) {
    dependencies[name] = { ...(typeof value === 'string' ? { version: value } : value), registry: 'lab' };
  }
}

async function readPacked(folder: string): Promise<PackedCrate[]> {
  const index = join(folder, 'index');
  const packed: PackedCrate[] = [];
  for (const entry of await readdir(index, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const line: CargoLine = JSON.parse(await readFile(join(entry.parentPath, entry.name), 'utf8'));
    const archive = await readFile(join(folder, `${line.name}-${line.vers}.crate`));
    const path = relative(index, join(entry.parentPath, entry.name));
    packed.push({ name: line.name, version: line.vers, archive, path, line });
  }
  return packed;
}

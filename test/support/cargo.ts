import { mkdir, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { FreshHome } from './fresh-home.ts';
import { root } from './places.ts';
import { cargo } from './real-cargo.ts';

/** The real cargo with `cargo-credential-pub` beside it, started by the test itself. */

export const builtCredentialProvider = join(root, 'dist', 'cargo-credential-pub.cjs');

/** The whole environment, to be added to. */
export function cargoEnvironment(home: FreshHome): Record<string, string> {
  return { ...cargo(home).env };
}

export interface CrateOptions {
  readonly version?: string;
  /** What its one file says. */
  readonly text?: string;
  /** Below the home; the name of the crate if not said. */
  readonly folder?: string;
}

/** A library without dependencies; gives its folder. */
export async function writeCrate(home: FreshHome, name: string, options: CrateOptions = {}): Promise<string> {
  const { version = '0.1.0', text = 'Nothing.', folder = name } = options;
  const manifest = `[package]
name = "${name}"
version = "${version}"
edition = "2021"
description = "a crate of a test"
license = "MIT"
`;
  await home.file(`${folder}/Cargo.toml`, manifest);
  await home.file(`${folder}/src/lib.rs`, `//! ${text}\n`);
  return join(home.path, folder);
}

/** Makes the registry known as `lab`, with these lines of configuration besides. */
export async function writeCargoConfig(home: FreshHome, registryUrl: string, lines = ''): Promise<string> {
  const index = `sparse+${registryUrl}/cargo/index/`;
  await home.file('.cargo/config.toml', `[registries.lab]\nindex = "${index}"\n${lines}`);
  return index;
}

/** Puts the built provider on the path, by the name that its package gives it. */
export async function installCredentialProvider(
  home: FreshHome,
  environment: Record<string, string>,
): Promise<void> {
  const folder = join(home.path, 'bin');
  await mkdir(folder, { recursive: true });
  await symlink(builtCredentialProvider, join(folder, 'cargo-credential-pub'));
  environment['PATH'] = [environment['PATH'], folder].join(delimiter);
}

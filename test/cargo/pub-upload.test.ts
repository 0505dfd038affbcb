import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cargoEnvironment } from '../support/cargo.ts';
import { startOrdinaryCargoRegistry } from '../support/cargo-index.ts';
import { pub } from '../support/clients.ts';
import { freshHome } from '../support/fresh-home.ts';
import { expectSuccess, run } from '../support/processes.ts';

const manifest = `[package]
name = "everything"
version = "1.2.3-rc.1+build.5"
edition = "2021"
rust-version = "1.70"
authors = ["A <a@example.org>", "B"]
description = "every field there is: \\u00e4, \\"quoted\\""
documentation = "https://docs.example"
homepage = "https://home.example"
repository = "https://code.example"
readme = "docs/READ.txt"
keywords = ["one", "two"]
categories = ["development-tools"]
license-file = "COPYING"
links = "everything"
build = "build.rs"
exclude = ["*.secret"]

[badges]
maintenance = { status = "actively-developed" }

[features]
default = ["std"]
std = []
more = ["std", "default"]
`;

test('what pub uploads to an ordinary registry is what cargo uploads, to the byte', async () => {
  await using home = await freshHome();
  await using registry = await startOrdinaryCargoRegistry('everything');
  await home.file('.cargo/config.toml', `[registries.lab]\nindex = "sparse+${registry.url}/index/"\n`);
  await home.file('crate/Cargo.toml', manifest);
  await home.file('crate/docs/READ.txt', 'Read me: \u00e4 "quotes" \\ and\ttabs\n');
  await home.file('crate/COPYING', 'Do.\n');
  await home.file('crate/build.rs', 'fn main() {}\n');
  await home.file('crate/src/lib.rs', '//! Everything.\n');
  await home.file('crate/left-out.secret', 'x');
  const cwd = join(home.path, 'crate');
  const env = { ...cargoEnvironment(home), CARGO_REGISTRIES_LAB_TOKEN: 'Bearer the-token' };

  const byPub = await pub(home).succeed(['publish', '--registry', 'lab'], { cwd, env });
  expect(byPub.stdout).toBe('+ everything@1.2.3-rc.1+build.5\n');
  expect(byPub.stderr).toContain('warning: kept');
  const taken = await pub(home).run(['publish', '--registry', 'lab', '--json'], { cwd, env });
  expect(JSON.parse(taken.stdout)).toMatchObject({ error: { code: 'E_VERSION_EXISTS' } });
  registry.forget();
  expectSuccess(await run('cargo', ['publish', '--no-verify', '--registry', 'lab'], { cwd, env }));

  const [first, second] = registry.uploads;
  expect(registry.uploads).toHaveLength(2);
  expect(first?.metadata).toBe(second?.metadata);
  expect(first?.archive.equals(second?.archive ?? Buffer.alloc(0))).toBe(true);
  expect(first?.authorization).toBe('Bearer the-token');
  expect(second?.authorization).toBe('Bearer the-token');
});

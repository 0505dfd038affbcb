import { afterAll, beforeAll, expect, test } from 'vitest';
import { signUp } from '../support/accounts.ts';
import { cargoEnvironment } from '../support/cargo.ts';
import { pub } from '../support/clients.ts';
import { freshHome } from '../support/fresh-home.ts';
import { expectSuccess } from '../support/processes.ts';
import { cargo, configureCargo, writePackage } from '../support/real-cargo.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** The real cargo against our registry, where nobody reads without a token. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry({ args: ['--cargo-auth-required'] });
});
afterAll(() => registry.stop());

const lab = ['--registry', 'lab'];

test('without a token nothing is read, and cargo says where to log in; with one everything is', async () => {
  await using home = await freshHome();
  const { token } = await signUp(registry.url, 'alice');
  await configureCargo(home, [{ name: 'lab', url: registry.url }]);
  const { run, succeed } = cargo(home);
  const library = await writePackage(home, 'private-lib', {
    files: { 'src/lib.rs': 'pub fn secret() -> u32 { 42 }\n' },
  });
  const refused = await run(['publish', ...lab], { cwd: library });
  expect(refused.code).toBe(101);
  expect(refused.stderr).toContain('cargo login --registry lab');

  await succeed(['login', ...lab], { input: `${token}\n` });
  await succeed(['publish', ...lab], { cwd: library });
  expect((await succeed(['search', 'private', ...lab])).stdout).toContain('private-lib = "0.1.0"');
  expect((await succeed(['owner', '--list', 'private-lib', ...lab])).stdout).toBe('alice\n');

  const app = await writePackage(home, 'app', {
    lines: '[dependencies]\nprivate-lib = { version = "0.1", registry = "lab" }\n',
    files: { 'src/main.rs': 'fn main() { println!("{}", private_lib::secret()); }\n' },
  });
  expect((await succeed(['run', '--quiet'], { cwd: app })).stdout).toBe('42\n');

  // `pub` packs with cargo, and asks the same registry: a crate that needs another one, out and seen.
  const env = {
    ...cargoEnvironment(home),
    PUB_TOKEN: token,
    PUB_REGISTRY: `sparse+${registry.url}/cargo/index/`,
  };
  expect(expectSuccess(await pub(home).run(['publish'], { cwd: app, env })).stdout).toBe('+ app@0.1.0\n');
  expect((await succeed(['search', 'app', ...lab])).stdout).toContain('app = "0.1.0"');
  const stranger = await pub(home).run(['search', 'app'], { cwd: app, env: { ...env, PUB_TOKEN: '' } });
  expect([stranger.code, stranger.stderr]).toEqual([4, expect.stringContaining(`${registry.url}/cargo/me`)]);

  await using other = await freshHome();
  await configureCargo(other, [{ name: 'lab', url: registry.url, token: 'pub_nonsense' }]);
  const rejected = await cargo(other).run(['search', 'private', ...lab]);
  expect([rejected.code, rejected.stderr]).toEqual([
    101,
    expect.stringContaining('token rejected for `lab`'),
  ]);
});

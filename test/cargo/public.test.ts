import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Account, signUp } from '../support/accounts.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { cargo, configureCargo, writePackage } from '../support/real-cargo.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** The real cargo against our registry, where everybody may read. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const lab = ['--registry', 'lab'];

/** Somebody who keeps a token as cargo does. */
async function publisher(home: FreshHome, name: string): Promise<Account> {
  const account = await signUp(registry.url, name);
  await configureCargo(home, [{ name: 'lab', url: registry.url, token: account.token }]);
  return account;
}

test('a library and a program are published; a project that depends on the library builds and runs', async () => {
  await using home = await freshHome();
  await publisher(home, 'alice');
  const { run, succeed } = cargo(home);
  const library = await writePackage(home, 'Greeting_Lib', {
    files: { 'src/lib.rs': 'pub fn greet() -> &\'static str { "hello from the registry" }\n' },
  });
  const published = await succeed(['publish', ...lab], { cwd: library });
  expect(published.stderr).toContain('Published Greeting_Lib v0.1.0');
  expect(published.stderr).toContain('warning: Greeting_Lib has a single owner');

  const dependency =
    '[dependencies]\nhello = { package = "Greeting_Lib", version = "0.1", registry = "lab" }\n';
  const main = { 'src/main.rs': 'fn main() { println!("{}", hello::greet()); }\n' };
  const program = await writePackage(home, 'greeter', { lines: dependency, files: main });
  const app = await writePackage(home, 'app', { lines: dependency, files: main });
  const ran = await succeed(['run', '--quiet'], { cwd: app });
  expect(ran.stdout).toBe('hello from the registry\n');

  await succeed(['publish', '--no-verify', ...lab], { cwd: program });
  await succeed(['install', 'greeter', ...lab], { env: { CARGO_TARGET_DIR: `${app}/target` } });

  const again = await run(['publish', '--no-verify', ...lab], { cwd: library });
  expect([again.code, again.stderr]).toEqual([101, expect.stringContaining('already exists')]);
});

test('yank, owner, search, login and logout do what they say', async () => {
  await using home = await freshHome();
  const { token } = await publisher(home, 'bob');
  await signUp(registry.url, 'carol');
  const { run, succeed } = cargo(home);
  const files = { 'src/lib.rs': '' };
  const cwd = await writePackage(home, 'bobs-tool', { files });
  await succeed(['publish', '--no-verify', ...lab], { cwd });

  expect((await succeed(['owner', '--list', 'bobs-tool', ...lab])).stdout).toBe('bob\n');
  const invited = await succeed(['owner', '--add', 'carol', 'bobs-tool', ...lab]);
  expect(invited.stderr).toContain('Owner carol has been invited to be an owner of bobs-tool');
  await succeed(['owner', '--remove', 'carol', 'bobs-tool', ...lab]);
  const last = await run(['owner', '--remove', 'bob', 'bobs-tool', ...lab]);
  expect([last.code, last.stderr]).toEqual([101, expect.stringContaining('would have no owner left')]);

  const user = await writePackage(home, 'user', {
    lines: '[dependencies]\nbobs-tool = { version = "0.1", registry = "lab" }\n',
    files,
  });
  await succeed(['yank', 'bobs-tool@0.1.0', ...lab]);
  const yanked = await run(['generate-lockfile'], { cwd: user });
  expect([yanked.code, yanked.stderr]).toEqual([101, expect.stringContaining('bobs-tool')]);
  // cargo before 1.98 does not see that the version is taken; the registry does.
  await writePackage(home, 'bobs-tool', { files: { 'src/lib.rs': '// changed' } });
  const replaced = await run(['publish', '--no-verify', ...lab], { cwd });
  expect([replaced.code, replaced.stderr]).toEqual([
    101,
    expect.stringMatching(/already (?:published|exists)/),
  ]);
  await succeed(['yank', '--undo', 'bobs-tool@0.1.0', ...lab]);
  await succeed(['generate-lockfile'], { cwd: user });

  const found = await succeed(['search', 'bobs tool', ...lab]);
  expect(found.stdout).toContain('bobs-tool = "0.1.0"');

  await succeed(['logout', ...lab]);
  const loggedOut = await run(['yank', 'bobs-tool@0.1.0', ...lab]);
  expect([loggedOut.code, loggedOut.stderr]).toEqual([101, expect.stringContaining('no token found')]);
  await succeed(['login', ...lab], { input: `${token}\n` });
  await succeed(['yank', 'bobs-tool@0.1.0', ...lab]);
});

test('what the registry refuses is what cargo prints', async () => {
  await using home = await freshHome();
  await publisher(home, 'dave');
  const { run, succeed } = cargo(home);
  const files = { 'src/lib.rs': '' };
  await succeed(['publish', '--no-verify', ...lab], {
    cwd: await writePackage(home, 'daves-tool', { files }),
  });
  const similar = await run(['publish', '--no-verify', ...lab], {
    cwd: await writePackage(home, 'daves_tool', { files, version: '0.2.0' }),
  });
  expect([similar.code, similar.stderr]).toEqual([
    101,
    expect.stringContaining('there is a crate daves-tool: daves_tool would be taken for it'),
  ]);
  await configureCargo(home, [{ name: 'lab', url: registry.url, token: 'pub_nonsense' }]);
  const nobody = await run(['publish', '--no-verify', ...lab], {
    cwd: await writePackage(home, 'nobodys-tool', { files }),
  });
  expect([nobody.code, nobody.stderr]).toEqual([
    101,
    expect.stringContaining('the token is unknown, expired or revoked'),
  ]);
});

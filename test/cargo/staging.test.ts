import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type AccountWithFactor, signUp, signUpWithFactor } from '../support/accounts.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { collect, startProcess } from '../support/processes.ts';
import { cargo, configureCargo, writePackage } from '../support/real-cargo.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** The real cargo, which can send no second factor, for somebody whose publishing takes one. */

const lab = ['--registry', 'lab'];
const lines = (...names: readonly string[]) =>
  `[dependencies]\n${names.map((name) => `${name} = { path = "../${name}", version = "0.1", registry = "lab" }\n`).join('')}`;

/** `wc` depends on `wb`, and `wb` on `wa`. */
async function writeWorkspace(home: FreshHome): Promise<void> {
  await home.file('Cargo.toml', '[workspace]\nmembers = ["wa", "wb", "wc"]\nresolver = "2"\n');
  await writePackage(home, 'wa', { files: { 'src/lib.rs': 'pub fn a() -> u32 { 1 }\n' } });
  const b = 'pub fn b() -> u32 { wa::a() + 1 }\n';
  await writePackage(home, 'wb', { lines: lines('wa'), files: { 'src/lib.rs': b } });
  const c = 'fn main() { println!("{}", wa::a() + wb::b()); }\n';
  await writePackage(home, 'wc', { lines: lines('wa', 'wb'), files: { 'src/main.rs': c } });
}

/** Approves the first of those that cargo was told of; says how many there are. */
async function approveFirst(
  registry: RunningServer,
  account: AccountWithFactor,
  told: string,
): Promise<number> {
  const pages = [...told.matchAll(/approve it at \S+\/-\/web\/staged\/([0-9a-f-]{36})/g)];
  const code = await account.authenticator.nextCode();
  const answer = await fetch(`${registry.url}/-/stage/${pages[0]?.[1]}/approve`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${account.token}`,
      'npm-otp': code,
      'content-type': 'application/json',
    },
    body: '{}',
  });
  expect(answer.ok, await answer.text()).toBe(true);
  return pages.length;
}

test('a workspace is staged at once where nobody reads without a token, seen by nobody else, and public when approved', async () => {
  await using registry = await startRegistry({ args: ['--cargo-auth-required'] });
  await using home = await freshHome();
  const alice = await signUpWithFactor(registry.url, 'alice');
  await configureCargo(home, [{ name: 'lab', url: registry.url, token: alice.token }]);
  await writeWorkspace(home);
  const { succeed } = cargo(home);
  const staged = await succeed(['publish', '--workspace', '--no-verify', ...lab]);
  // cargo says so of all it has uploaded and finds in the index; the warnings before it say what it is.
  for (const name of ['wa', 'wb', 'wc']) expect(staged.stderr).toContain(`Published ${name} v0.1.0`);

  await using other = await freshHome();
  const bob = await signUp(registry.url, 'bob');
  await configureCargo(other, [{ name: 'lab', url: registry.url, token: bob.token }]);
  const install = ['install', 'wc', ...lab];
  const missing = await cargo(other).run(install);
  expect([missing.code, missing.stderr]).toEqual([101, expect.stringContaining('could not find `wc`')]);

  const again = await cargo(home).run(['publish', '--workspace', '--no-verify', ...lab]);
  expect([again.code, again.stderr]).toEqual([101, expect.stringContaining('already exists')]);
  expect(await approveFirst(registry, alice, staged.stderr)).toBe(3);
  const app = await writePackage(other, 'app', {
    lines: '[dependencies]\nwa = { version = "0.1", registry = "lab" }\n',
    files: { 'src/main.rs': 'fn main() { println!("{}", wa::a()); }\n' },
  });
  expect((await cargo(other).succeed(['run', '--quiet'], { cwd: app })).stdout).toBe('1\n');
  expect((await cargo(other).run(install)).stderr).toContain('could not find `wc`');
});

test('where everybody reads, cargo waits for what it staged; whoever stops it there has lost nothing', async () => {
  await using registry = await startRegistry();
  await using home = await freshHome();
  const alice = await signUpWithFactor(registry.url, 'alice');
  await configureCargo(home, [{ name: 'lab', url: registry.url, token: alice.token }]);
  const cwd = await writePackage(home, 'waiting', { files: { 'src/lib.rs': '' } });
  const { env, program, run } = cargo(home);
  const child = startProcess(program, ['publish', '--no-verify', ...lab], { cwd, env });
  const output = collect(child);
  for (let tries = 0; !output.stderr().includes('you may press ctrl-c') && tries < 1_200; tries++)
    await sleep(50);
  expect(output.stderr()).toContain('warning: staged, not published: approve it at');
  process.kill(child.pid as number, 'SIGINT');
  await once(child, 'close');

  const yanked = await run(['yank', 'waiting@0.1.0', ...lab]);
  expect([yanked.code, yanked.stderr]).toEqual([101, expect.stringContaining('second factor')]);
  expect(await approveFirst(registry, alice, output.stderr())).toBe(1);
  await cargo(home).succeed(['info', 'waiting', ...lab]);
  const refused = await run(['yank', 'waiting@0.1.0', ...lab]);
  expect([refused.code, refused.stderr]).toEqual([101, expect.stringContaining('`pub yank waiting@0.1.0`')]);
});

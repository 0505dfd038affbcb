import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AccountWithFactor, signUpWithFactor } from '../support/accounts.ts';
import { npm12, npmrc, pub } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** A build machine: no keychain, no terminal, and a home that nothing can be written to. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

async function buildMachine(home: FreshHome, account: AccountWithFactor) {
  await home.file('project/package.json', JSON.stringify({ name: `by-${account.name}`, version: '1.0.0' }));
  await home.file('project/index.js', 'export const built = true;\n');
  // A file instead of a folder: not even root can make anything in it.
  const HOME = await home.file('not-a-folder', '');
  const unwritable = Object.fromEntries(
    ['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME'].map((name) => [
      name,
      join(HOME, name),
    ]),
  );
  const env = { ...unwritable, HOME, CI: 'true', PUB_TOKEN: account.token, PUB_REGISTRY: registry.url };
  return { cwd: join(home.path, 'project'), env };
}

test('a build machine publishes with a token from the environment, and npm installs it', async () => {
  await using home = await freshHome();
  const account = await signUpWithFactor(registry.url, 'machine');
  const machine = await buildMachine(home, account);
  const args = ['publish', '--registry', registry.url, '--otp', await account.authenticator.nextCode()];
  const published = await pub(home).succeed(args, machine);
  expect(published.stdout).toBe('+ by-machine@1.0.0\n');

  await using other = await freshHome();
  await other.file('.npmrc', npmrc(registry.url));
  await npm12(other).succeed(['install', 'by-machine']);
  const installed = await readFile(join(other.path, 'node_modules/by-machine/index.js'), 'utf8');
  expect(installed).toBe('export const built = true;\n');
});

test('without the code that is needed it fails at once, says what to do, and nothing is public', async () => {
  await using home = await freshHome();
  const account = await signUpWithFactor(registry.url, 'codeless');
  const machine = await buildMachine(home, account);
  const refused = await pub(home).run(['publish', '--registry', registry.url], {
    ...machine,
    timeout: 20_000,
  });
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/hint: .*--otp <code>.*PUB_OTP/);
  expect(refused.stderr).not.toContain(account.token);
  expect((await fetch(`${registry.url}/by-codeless`)).status).toBe(404);
});

test('a code in PUB_OTP does as well, with the space an app shows in it', async () => {
  await using home = await freshHome();
  const account = await signUpWithFactor(registry.url, 'spaced');
  const { cwd, env } = await buildMachine(home, account);
  const code = (await account.authenticator.nextCode()).replace(/^.../, '$& ');
  await pub(home).succeed(['publish', '--registry', registry.url], { cwd, env: { ...env, PUB_OTP: code } });
});

test('a wrong code is refused once, without a second attempt, and nothing is public', async () => {
  await using home = await freshHome();
  const account = await signUpWithFactor(registry.url, 'guesser');
  const machine = await buildMachine(home, account);
  const code = account.authenticator.wrongCode();
  const refused = await pub(home).run(['publish', '--registry', registry.url, '--otp', code], machine);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('the one-time password was not accepted');
  expect((await fetch(`${registry.url}/by-guesser`)).status).toBe(404);
});

test('a token the registry does not know is told apart from a missing code', async () => {
  await using home = await freshHome();
  const account = await signUpWithFactor(registry.url, 'stranger');
  const { cwd, env } = await buildMachine(home, account);
  const PUB_TOKEN = account.token.replace(/.{8}$/, '00000000');
  const refused = await pub(home).run(['publish', '--registry', registry.url], {
    cwd,
    env: { ...env, PUB_TOKEN },
  });
  expect(refused.code).toBe(4);
  expect(refused.stderr).not.toContain(PUB_TOKEN);
});

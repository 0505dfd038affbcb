import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signUp } from '../support/accounts.ts';
import { npm12, npmrc, pub } from '../support/clients.ts';
import { freshHome } from '../support/fresh-home.ts';
import { startKeyring } from '../support/keyring.ts';
import { type RunningServer, startVerdaccio } from '../support/servers.ts';
import { program } from '../support/tools.ts';

/** A registry that knows neither our preflight nor second factors. */
let verdaccio: RunningServer;
beforeAll(async () => {
  verdaccio = await startVerdaccio();
});
afterAll(() => verdaccio.stop());

test('pub publishes to Verdaccio, and npm installs it', async () => {
  await using home = await freshHome();
  const { token } = await signUp(verdaccio.url, 'alice');
  const env = { PUB_TOKEN: token, PUB_REGISTRY: verdaccio.url };
  const at = ['--registry', verdaccio.url];
  await home.file(
    'tool/package.json',
    JSON.stringify({ name: '@acme/tool', version: '1.0.0', bin: 'cli.js' }),
  );
  await home.file('tool/cli.js', "#!/usr/bin/env node\nconsole.log('the tool runs');\n");
  const cwd = join(home.path, 'tool');

  expect((await pub(home).succeed(['whoami', ...at], { env })).stdout).toBe('alice\n');
  const published = await pub(home).succeed(['publish', ...at], { cwd, env });
  expect(published.stdout).toBe('+ @acme/tool@1.0.0\n');

  await using other = await freshHome();
  await other.file('.npmrc', npmrc(verdaccio.url));
  await npm12(other).succeed(['install', '@acme/tool']);
  expect(await readFile(join(other.path, 'node_modules/@acme/tool/cli.js'), 'utf8')).toContain(
    'the tool runs',
  );
  expect((await npm12(other).succeed(['exec', '--no', 'tool'])).stdout).toBe('the tool runs\n');
});

test('a version that exists is refused clearly, and stays as it was', async () => {
  await using home = await freshHome();
  const { token } = await signUp(verdaccio.url, 'bob');
  const env = { PUB_TOKEN: token, PUB_REGISTRY: verdaccio.url };
  await home.file('tool/package.json', JSON.stringify({ name: 'tool-of-bob', version: '1.0.0' }));
  const command = ['publish', join(home.path, 'tool'), '--registry', verdaccio.url];
  await pub(home).succeed(command, { env });
  const before = await (await fetch(`${verdaccio.url}/tool-of-bob`)).text();

  await home.file('tool/added.js', 'x');
  const refused = await pub(home).run(command, { env });
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('error: failed to publish `tool-of-bob@1.0.0` to');
  expect(refused.stderr).toMatch(/hint: .*raise the version/);
  expect(await (await fetch(`${verdaccio.url}/tool-of-bob`)).text()).toBe(before);
});

const noKeyring = [program('gnome-keyring-daemon'), program('dbus-daemon')].some(
  (lack) => lack !== undefined,
);

// In CI a skipped test is a failure.
test.skipIf(noKeyring)('pub logs in at Verdaccio with a password, and out again', async () => {
  await using keyring = await startKeyring({ state: 'unlocked' });
  const { password } = await signUp(verdaccio.url, 'carol');
  const client = pub(keyring.home);
  const at = ['--registry', verdaccio.url];
  const login = ['login', '--username', 'carol', '--password-stdin', ...at];
  const env = keyring.environment;
  await client.succeed(login, { env, input: `${password}\n` });
  expect((await client.succeed(['whoami', ...at], { env })).stdout).toBe('carol\n');
  // It says that it did, and revokes nothing.
  const loggedOut = await client.run(['logout', ...at], { env });
  expect([loggedOut.code, loggedOut.stderr]).toEqual([1, expect.stringContaining('it is still valid')]);
  expect((await client.run(['whoami', ...at], { env })).code).toBe(4);
});

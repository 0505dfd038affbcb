import { expect, test } from 'vitest';
import { type Account, signUp } from '../support/accounts.ts';
import { pub } from '../support/clients.ts';
import { type Keyring, startKeyring } from '../support/keyring.ts';
import { startNextVerdaccio, startVerdaccio } from '../support/servers.ts';
import { openTerminal } from '../support/tmux.ts';

type LogIn = (keyring: Keyring, url: string, account: Account) => Promise<void>;

const byPassword: LogIn = async ({ home, environment: env }, _url, { name, password }) => {
  await pub(home).succeed(['login', '--username', name, '--password-stdin'], { env, input: password });
};

/** The next Verdaccio takes no password of somebody who has an account, but on its page. */
const onThePage: LogIn = async ({ home, environment: env }, url, { name, password }) => {
  await using terminal = await openTerminal([...pub(home).command, 'login'], { env, columns: 200 });
  const screen = await terminal.waitFor('Waiting for it');
  const next = /\/-\/web\/login\?next=(\S+)/.exec(screen)?.[1];
  const answer = await fetch(url + next, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: name, password }),
  });
  expect(answer.status).toBe(201);
  const seen = await terminal.waitFor(`Logged in as ${name}`);
  expect(await terminal.exitCode(), seen).toBe(0);
};

test.each([
  ['Verdaccio 6', startVerdaccio, byPassword],
  ['the next Verdaccio', startNextVerdaccio, onThePage],
])(
  'a token of %s goes into the keychain, publishes from there, and is gone after the logout',
  async (_which, start, logIn) => {
    await using server = await start();
    await using keyring = await startKeyring({ state: 'unlocked' });
    const account = await signUp(server.url, 'alice');
    const run = (...args: readonly string[]) => pub(keyring.home).run(args, { env: keyring.environment });
    const stored = () => keyring.lookUp(`pub:${server.url}`, 'alice');
    await keyring.home.file('tool/package.json', JSON.stringify({ name: 'tool', version: '1.0.0' }));

    expect((await run('registry', 'add', 'theirs', server.url, '--default')).code).toBe(0);
    expect((await run('publish', 'tool')).code).toBe(4);
    await logIn(keyring, server.url, account);
    expect(await stored()).toMatch(/\S{20,}/);
    expect((await run('whoami')).stdout).toBe('alice\n');
    const published = await run('publish', 'tool');
    expect(published.stdout, published.stderr).toBe('+ tool@1.0.0\n');

    const loggedOut = await run('logout');
    // It says that it did, and revokes nothing.
    expect([loggedOut.code, loggedOut.stderr]).toEqual([1, expect.stringContaining('it is still valid')]);
    expect(await stored()).toBeUndefined();
    expect((await run('whoami')).code).toBe(4);
  },
);

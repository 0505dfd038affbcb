import { afterAll, beforeAll, expect, test } from 'vitest';
import { signUp } from '../support/accounts.ts';
import { pub } from '../support/clients.ts';
import { freshHome } from '../support/fresh-home.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** Creating an account, and why it may be refused. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

async function createAccount(username: string, password: string) {
  await using home = await freshHome();
  const address = ['--email', 'somebody@registry.example', '--registry', registry.url];
  const args = [
    'login',
    '--sign-up',
    '--print-token',
    '--username',
    username,
    '--password-stdin',
    ...address,
  ];
  const { code, stdout, stderr } = await pub(home).run(args, { input: password });
  return { code, stdout, stderr: stderr.replaceAll(registry.url, '<registry>') };
}

test('a password that is too short is refused as such, and no name is blamed', async () => {
  expect(await createAccount('newcomer', 'too short')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "stderr": "error: failed to create an account at <registry>
    caused by: 400: a password needs at least 15 characters as long as the account has no second factor
    ",
      "stdout": "",
    }
  `);
});

test('a name that is taken is told, whatever the password', async () => {
  await signUp(registry.url, 'alice');
  expect(await createAccount('alice', 'another long password')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "stderr": "error: failed to create an account at <registry>
    caused by: 401: incorrect user name or password
    hint: the name may be taken: choose another one, or log in to it without --sign-up
    ",
      "stdout": "",
    }
  `);
});

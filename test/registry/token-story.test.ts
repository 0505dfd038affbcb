import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enrol, signUp } from '../support/accounts.ts';
import { type CommandOptions, pub } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import type { Finished } from '../support/processes.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';
import { timed } from '../support/stopwatch.ts';
import { authenticator } from '../support/totp.ts';

/** The built programs on a machine without a keychain and without a terminal: everything by environment. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

interface Machine extends AsyncDisposable {
  readonly home: FreshHome;
  /** Runs `pub` in the project's folder. */
  pub(args: readonly string[], options?: CommandOptions): Promise<Finished>;
  /** The same with `--json`; gives what was on stdout, which must be one JSON value and nothing else. */
  json(args: readonly string[], options?: CommandOptions): Promise<Record<string, unknown>>;
}

async function machine(packageName: string, token?: string): Promise<Machine> {
  const home = await freshHome();
  await home.file('project/package.json', JSON.stringify({ name: packageName, version: '1.0.0' }));
  const settings = { PUB_REGISTRY: registry.url, ...(token === undefined ? {} : { PUB_TOKEN: token }) };
  const run = (args: readonly string[], { env, ...rest }: CommandOptions = {}) =>
    pub(home).run(args, { cwd: join(home.path, 'project'), ...rest, env: { ...settings, ...env } });
  return {
    home,
    pub: run,
    json: async (args, options) => JSON.parse((await run([...args, '--json'], options)).stdout),
    [Symbol.asyncDispose]: () => home.remove(),
  };
}

async function answersTo(token: string): Promise<number> {
  return (await fetch(`${registry.url}/-/whoami`, { headers: { authorization: `Bearer ${token}` } })).status;
}

test('from the first token to the last: log in, enrol, publish with a code, log out', async () => {
  const { password } = await signUp(registry.url, 'alice');
  await using at = await machine('by-alice');

  const loggedIn = await at.pub(['login', '--username', 'alice', '--password-stdin', '--print-token'], {
    input: password,
  });
  expect(loggedIn.code).toBe(0);
  const token = loggedIn.stdout.trimEnd();
  expect(token).toMatch(/^pub_\w+$/);
  expect(loggedIn.stderr).not.toContain(token);
  const env = { PUB_TOKEN: token };
  expect(await at.json(['whoami'], { env })).toMatchObject({ account: 'alice', source: 'PUB_TOKEN' });
  expect(await at.json(['2fa', 'status'], { env })).toEqual({ mode: 'disabled', pending: false });

  const begun = await at.json(['2fa', 'enable', '--password-stdin'], { env, input: password });
  expect(begun).toMatchObject({ mode: 'auth-and-writes', pending: true });
  expect(await at.json(['2fa', 'status'], { env })).toEqual({ mode: 'disabled', pending: true });
  const app = authenticator(String(begun['otpauth']));
  const confirmed = await at.json(['2fa', 'confirm'], { env: { ...env, PUB_OTP: await app.nextCode() } });
  expect(confirmed).toMatchObject({ enabled: true });
  expect(await at.json(['2fa', 'status'], { env })).toMatchObject({ mode: 'auth-and-writes' });

  const refused = await timed('pub publish without the code it needs', () => at.pub(['publish'], { env }));
  expect([refused.code, refused.stdout, refused.stderr.split('\n').slice(-3)]).toMatchInlineSnapshot(`
    [
      1,
      "",
      [
        "error: cannot ask "one-time password (to publish by-alice@1.0.0)": this is not a terminal",
        "hint: pass --otp <code> or set PUB_OTP; or --stage, where the registry has it, and have it approved",
        "",
      ],
    ]
  `);
  const published = await at.pub(['publish', '--otp', await app.nextCode()], { env });
  expect(published).toMatchObject({ code: 0, stdout: '+ by-alice@1.0.0\n' });

  expect(await at.json(['logout'], { env })).toMatchObject({ revoked: true, erased: false });
  expect(await answersTo(token)).toBe(401);
  expect(await at.pub(['whoami'], { env })).toMatchObject({ code: 4, stdout: '' });
});

test('owners come and go', async () => {
  const alice = await signUp(registry.url, 'ada');
  const bob = await signUp(registry.url, 'bob');
  await using at = await machine('by-ada', alice.token);
  await using bobs = await machine('by-bob', bob.token);
  expect((await at.pub(['publish'])).code).toBe(0);
  const invited = { package: 'by-ada', invited: 'bob', role: 'owner' };
  expect(await at.json(['owner', 'add', 'by-ada', 'bob'])).toEqual(invited);
  expect(await bobs.json(['owner', 'invitations'])).toMatchObject({
    invitations: [{ package: 'by-ada', role: 'owner', invitedBy: 'ada' }],
  });
  expect(await at.json(['owner', 'remove', 'by-ada', 'bob'])).toEqual({ package: 'by-ada', removed: 'bob' });
  expect(await bobs.json(['owner', 'invitations'])).toEqual({ invitations: [] });

  expect(await at.json(['owner', 'add', 'by-ada', 'bob'])).toEqual(invited);
  expect(await bobs.json(['owner', 'accept', 'by-ada'])).toMatchObject({ answer: 'accept' });
  const less = ['owner', 'add', 'by-ada', 'bob', '--role', 'maintainer'];
  expect(await at.json(less)).toEqual({ package: 'by-ada', added: 'bob', role: 'maintainer' });
  expect((await at.pub(['owner', 'list', 'by-ada'])).stdout).toBe(
    'ada <ada@registry.example>  owner\nbob <bob@registry.example>  maintainer\n',
  );
  expect(await at.json(['owner', 'remove', 'by-ada', 'bob'])).toEqual({ package: 'by-ada', removed: 'bob' });
  const last = await at.pub(['owner', 'remove', 'by-ada', 'ada']);
  expect([last.code, last.stderr.replaceAll(registry.url, '<registry>')]).toMatchInlineSnapshot(`
    [
      1,
      "error: failed to remove \`ada\` from the owners of \`by-ada\` at <registry>
    caused by: a package cannot be left without an owner
    hint: add another owner first
    ",
    ]
  `);
  const unknown = await at.pub(['owner', 'add', 'by-ada', 'nobody']);
  expect([unknown.code, unknown.stderr.replaceAll(registry.url, '<registry>')]).toMatchInlineSnapshot(`
    [
      1,
      "error: failed to add \`nobody\` to the owners of \`by-ada\` at <registry>
    caused by: 404: there is no user of that name here
    ",
    ]
  `);
});

test('an organisation owns the packages of its scope, and who is taken out of it has left them all', async () => {
  const owner = await signUp(registry.url, 'olga');
  const member = await signUp(registry.url, 'mikhail');
  await using olgas = await machine('@works/tool', owner.token);
  await using mikhails = await machine('@works/tool', member.token);
  await mikhails.home.file('project/package.json', JSON.stringify({ name: '@works/tool', version: '1.0.1' }));
  expect((await olgas.pub(['org', 'create', 'works'])).code).toBe(0);
  expect((await olgas.pub(['publish'])).code).toBe(0);
  expect((await mikhails.pub(['publish'])).stderr).toContain('you are not an owner of @works/tool');
  expect(await olgas.json(['org', 'add', 'works', 'mikhail'])).toMatchObject({ role: 'member' });
  expect((await mikhails.pub(['publish'])).code).toBe(0);
  expect((await mikhails.pub(['org', 'members', 'works'])).stdout).toBe('olga  owner\nmikhail  member\n');
  expect((await olgas.pub(['owner', 'list', '@works/tool'])).stdout).toBe(
    'olga <olga@registry.example>  owner  through works\nmikhail <mikhail@registry.example>  maintainer  through works\n',
  );
  expect((await olgas.pub(['org', 'require-2fa', 'works'])).stderr).toContain('olga, mikhail have none');
  expect((await olgas.pub(['org', 'remove', 'works', 'mikhail'])).code).toBe(0);
  expect((await mikhails.pub(['org', 'members', 'works'])).code).toBe(1);
  await mikhails.home.file('project/package.json', JSON.stringify({ name: '@works/tool', version: '1.0.2' }));
  expect((await mikhails.pub(['publish'])).stderr).toContain('you are not an owner of @works/tool');
});

test('a package that requires a second factor holds its owners to it, and a refusal uses no code up', async () => {
  const bob = await signUp(registry.url, 'ben');
  const carol = await signUp(registry.url, 'carol');
  await using bobs = await machine('shared', bob.token);
  await using carols = await machine('shared', carol.token);
  await carols.home.file('project/package.json', JSON.stringify({ name: 'shared', version: '1.0.1' }));
  expect((await bobs.pub(['publish'])).code).toBe(0);
  expect((await bobs.pub(['owner', 'add', 'shared', 'carol'])).code).toBe(0);
  expect((await carols.pub(['owner', 'accept', 'shared'])).code).toBe(0);
  const bobsApp = (await enrol(registry.url, bob, 'auth-only')).authenticator;
  const carolsApp = (await enrol(registry.url, carol, 'auth-only')).authenticator;
  const required = await bobs.json(['owner', 'require-2fa', 'shared', '--otp', await bobsApp.nextCode()]);
  expect(required).toEqual({ package: 'shared', secondFactorRequired: true });

  const withoutCode = await carols.pub(['publish']);
  expect(withoutCode).toMatchObject({ code: 1, stdout: '' });
  expect(withoutCode.stderr).toContain('hint: pass --otp <code> or set PUB_OTP');
  const code = await carolsApp.nextCode();
  const disabled = await carols.pub(['2fa', 'disable', '--password-stdin', '--otp', code], {
    input: carol.password,
  });
  expect([disabled.code, disabled.stderr.replaceAll(registry.url, '<registry>')]).toMatchInlineSnapshot(`
    [
      1,
      "error: failed to turn off the second factor at <registry>
    caused by: 403: you belong to shared, which requires a second factor of its owners and members
    hint: leave it, or have an owner lift that with \`pub owner require-2fa <package> --off\`
    ",
    ]
  `);
  expect(await carols.json(['publish', '--otp', code])).toMatchObject({ version: '1.0.1', account: 'carol' });
  const replayed = await carols.json(['owner', 'remove', 'shared', 'ben', '--otp', code]);
  expect(replayed).toMatchObject({ error: { code: 'E_SECOND_FACTOR' } });
});

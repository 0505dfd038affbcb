import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { Proofs } from '../../../src/ecosystems/proofs.ts';
import type { Registry } from '../../../src/ecosystems/registry.ts';
import { PubError } from '../../../src/errors.ts';
import { SecondFactorRequired } from '../../../src/second-factor/challenge.ts';
import { run } from '../../support/run.ts';
import { memoryCredentials, scriptedRegistries, scriptedRegistry } from '../../support/scripted-context.ts';

function at(registry: Registry, token: string | undefined = 'secret-token'): Partial<Context> {
  const credentials = memoryCredentials(token);
  return { registries: scriptedRegistries(), credentials, connect: async () => registry };
}

/** Refuses every change without the code 123456, and remembers the others. */
function registryWithFactor() {
  const changes: string[] = [];
  const change = ({ oneTimePassword }: Proofs, text: string): void => {
    const kind = oneTimePassword === undefined ? 'missing' : 'refused';
    if (oneTimePassword?.expose() !== '123456')
      throw new SecondFactorRequired({ kind, text: `code ${kind}` });
    changes.push(text);
  };
  const registry = scriptedRegistry({
    addOwner: async (proofs, name, { user, role }) => {
      change(proofs, `add ${user} to ${name}`);
      return role === 'owner' ? 'added' : 'invited';
    },
    removeOwner: async (proofs, name, user) => change(proofs, `remove ${user} from ${name}`),
    setRequireSecondFactor: async (proofs, name, required) => change(proofs, `${name}: ${required}`),
  });
  return { registry, changes };
}

describe('owner list', () => {
  const registry = scriptedRegistry({
    owners: async () => [
      { name: 'alice', email: 'alice@mail.example' },
      { name: 'bob', email: undefined },
    ],
  });

  it('prints a line for each, and JSON', async () => {
    expect(await run('owner list @acme/tool', at(registry))).toEqual({
      exitCode: 0,
      stdout: 'alice <alice@mail.example>\nbob\n',
      stderr: '',
    });
    expect(JSON.parse((await run('owner ls @acme/tool --json', at(registry))).stdout)).toEqual({
      package: '@acme/tool',
      owners: [
        { name: 'alice', email: 'alice@mail.example', role: null, organisation: null },
        { name: 'bob', email: null, role: null, organisation: null },
      ],
    });
  });

  it('prints roles and where they come from, where the registry tells', async () => {
    const registry = scriptedRegistry({
      owners: async () => [
        { name: 'alice', email: 'alice@mail.example', role: 'owner', organisation: undefined },
        { name: 'bob', email: undefined, role: 'maintainer', organisation: 'acme' },
      ],
    });
    expect((await run('owner list @acme/tool', at(registry))).stdout).toBe(
      'alice <alice@mail.example>  owner\nbob  maintainer  through acme\n',
    );
  });

  it('needs no login', async () => {
    const given = { ...at(registry), credentials: memoryCredentials() };
    expect((await run('owner list left-pad', given)).exitCode).toBe(0);
  });

  it('lets nothing that a registry wrote steer the terminal', async () => {
    const hostile = scriptedRegistry({ owners: async () => [{ name: 'a\u001b[2Jb', email: undefined }] });
    const { stdout } = await run('owner list left-pad', at(hostile));
    expect(stdout).not.toContain('\u001b');
  });
});

describe('a change of owners', () => {
  it.each([
    ['owner add left-pad bob', 'add bob to left-pad', 'Added bob to the owners of left-pad'],
    ['owner remove left-pad bob', 'remove bob from left-pad', 'Removed bob from the owners of left-pad'],
    [
      'owner require-2fa left-pad',
      'left-pad: true',
      'Required a second factor for every release of left-pad',
    ],
    [
      'owner require-2fa left-pad --off',
      'left-pad: false',
      'Removed the second factor requirement of left-pad',
    ],
  ])('`pub %s` asks for the second factor and sends the change once', async (line, change, said) => {
    const { registry, changes } = registryWithFactor();
    const outcome = await run(line, { ...at(registry), answers: [['code missing', '123456']] });
    expect(outcome.exitCode).toBe(0);
    expect(changes).toEqual([change]);
    expect(outcome.stderr.trim()).toBe(said);
  });

  it('says that somebody is only invited, and how they accept', async () => {
    const { registry } = registryWithFactor();
    const line = 'owner add left-pad bob --role maintainer --otp 123456';
    expect((await run(line, at(registry))).stderr).toMatchInlineSnapshot(`
      "     Invited bob to left-pad
      The invitation is open for seven days: bob accepts it with \`pub owner accept left-pad\`.
      "
    `);
    expect(JSON.parse((await run(`${line} --json`, at(registry))).stdout)).toEqual({
      package: 'left-pad',
      invited: 'bob',
      role: 'maintainer',
    });
  });

  it('takes --otp, and does not ask after it was refused', async () => {
    const { registry, changes } = registryWithFactor();
    const refused = await run('owner add left-pad bob --otp 999999', at(registry));
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatchInlineSnapshot(`
      "error: the one-time password was not accepted
      caused by: code refused
      hint: each code works once: wait for the next one, check that the clock of your device is right, and try again
      "
    `);
    expect((await run('owner add left-pad bob --otp 123456', at(registry))).exitCode).toBe(0);
    expect(changes).toHaveLength(1);
  });

  it('without a terminal says what to pass', async () => {
    const { registry } = registryWithFactor();
    const { exitCode, stdout } = await run('owner add left-pad bob --json', at(registry));
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'E_NOT_INTERACTIVE', hint: 'pass --otp <code> or set PUB_OTP' },
    });
  });

  it('tells why the registry refused, and where to look', async () => {
    const registry = scriptedRegistry({
      async addOwner() {
        throw new PubError('E_FORBIDDEN', 'failed to add bob to the owners of `left-pad`', {
          cause: new Error('403: you are not an owner of this package'),
        });
      },
    });
    expect((await run('owner add left-pad bob', at(registry))).stderr).toMatchInlineSnapshot(`
      "error: failed to add bob to the owners of \`left-pad\`
      caused by: 403: you are not an owner of this package
      hint: run \`pub owner list left-pad\` to see who may change it
      "
    `);
  });

  it('needs a login', async () => {
    const given = { ...at(scriptedRegistry({})), credentials: memoryCredentials() };
    expect((await run('owner add left-pad bob', given)).exitCode).toBe(4);
  });

  it.each([
    'owner add left-pad@1.0.0 bob',
    'owner add left-pad',
    'owner add @acme bob',
    'owner add left-pad bob --role king',
    'owner promote x',
  ])('`pub %s` is wrong usage', async (line) => {
    expect((await run(line)).exitCode).toBe(2);
  });
});

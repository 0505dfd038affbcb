import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { PackageChanges } from '../../../src/ecosystems/package-changes.ts';
import type { Registry } from '../../../src/ecosystems/registry.ts';
import type { StagedRelease, Staging } from '../../../src/ecosystems/staging.ts';
import type { Teams } from '../../../src/ecosystems/teams.ts';
import { PubError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';
import { run } from '../../support/run.ts';
import {
  memoryCredentials,
  only,
  scriptedRegistries,
  scriptedRegistry,
} from '../../support/scripted-context.ts';

/** Publishing has its own: there a login can end half way. */

const id = '1b2d5c1e-8a45-4f4e-9d0b-3f4c1a2b5d6e';
const staged: StagedRelease = {
  ...{ id, ecosystem: 'npm', packageName: 'left-pad', version: '1.3.0', tag: 'latest', state: 'staged' },
  ...{ stagedBy: 'ci', stagedAt: '2026-11-24T12:00:00.000Z', access: 'public' },
  ...{ sha1: '1'.repeat(40), sha256: '2'.repeat(64) },
};
const listed = {
  ...{
    key: 'abcdef0123',
    name: 'ci',
    beginning: undefined,
    scopes: undefined,
    readOnly: false,
    packages: [],
    networks: [],
  },
  ...{ created: undefined, expires: undefined, lastUsed: undefined },
};

/** Whatever the request is, it is refused with every token but the new one. */
function refusing(sent: string[]) {
  return <T>(what: string, answer?: T) =>
    async (...args: readonly unknown[]): Promise<T> => {
      const [first] = args.flatMap((arg) => (arg instanceof Secret ? [arg] : tokenIn(arg)));
      sent.push(`${what} ${first?.expose()}`);
      if (first?.expose() === 'new-token') return answer as T;
      throw new PubError('E_NOT_LOGGED_IN', 'failed: the token is not accepted', { hint: 'run `pub login`' });
    };
}

function tokenIn(value: unknown): readonly Secret[] {
  return typeof value === 'object' && value !== null && 'token' in value && value.token instanceof Secret
    ? [value.token]
    : [];
}

function registryOf(sent: string[]): Registry {
  const on = refusing(sent);
  return scriptedRegistry({
    beginBrowserLogin: async () => undefined,
    logIn: async () => new Secret('new-token'),
    whoAmI: async () => 'alice',
    yank: on('yank'),
    search: on('search', { packages: [], total: 0 }),
    owners: on('owners', []),
    addOwner: on('addOwner', 'added' as const),
    invitations: on('invitations', []),
    organisation: on('organisation', { name: 'acme', scopes: [], members: [], secondFactorRequired: false }),
    createOrganisation: on('createOrganisation'),
    tokens: on('tokens', [listed]),
    createToken: on('createToken', { token: new Secret('made-token'), listed }),
    revokeToken: on('revokeToken'),
    secondFactorStatus: on('secondFactorStatus', { mode: 'disabled' as const, pending: false }),
    staging: only<Staging>('staging', {
      list: on('list', [staged]),
      view: on('view', staged),
      approve: on('approve'),
      reject: on('reject'),
    }),
    packages: only<PackageChanges>('packages', {
      deprecate: on('deprecate', ['1.0.0']),
      unpublish: on('unpublish'),
      setTag: on('setTag'),
      tags: on('tags', {}),
      setAccess: on('setAccess'),
      visibility: on('visibility', 'public' as const),
    }),
    teams: only<Teams>('teams', { list: on('list', []) }),
  });
}

function ended(sent: string[]) {
  const credentials = memoryCredentials('old-token');
  const registry = registryOf(sent);
  const context: Partial<Context> = {
    registries: scriptedRegistries(),
    credentials,
    connect: async () => registry,
  };
  return { credentials, context };
}

const logIn = [
  ['user name', 'alice'],
  ['password', 'correct horse'],
] as const;

const commands: readonly (readonly [line: string, ...requests: string[]])[] = [
  ['deprecate left-pad old', 'deprecate'],
  ['unpublish left-pad@1.0.0 --yes', 'unpublish'],
  ['dist-tag add left-pad@1.0.0 next', 'setTag'],
  ['dist-tag ls left-pad', 'tags'],
  ['owner add bob left-pad', 'addOwner'],
  ['owner list left-pad', 'owners'],
  ['owner invitations', 'invitations'],
  ['access get status left-pad', 'visibility'],
  ['access set status=public left-pad', 'setAccess'],
  ['yank left-pad@1.0.0', 'yank'],
  ['search left', 'search'],
  ['org create acme', 'createOrganisation'],
  ['org members acme', 'organisation'],
  ['team ls @acme', 'list'],
  ['2fa status', 'secondFactorStatus'],
  ['token list', 'tokens'],
  ['token revoke abcdef', 'tokens', 'revokeToken'],
  ['stage list', 'list'],
  [`stage approve ${id}`, 'view', 'approve'],
  [`stage reject ${id}`, 'view', 'reject'],
];

describe('a login that ended', () => {
  it.each(commands)('is renewed by `pub %s`, which goes on', async (line, first, ...rest) => {
    const sent: string[] = [];
    const { credentials, context } = ended(sent);
    const { exitCode, stderr } = await run(line, { ...context, answers: logIn });
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringContaining('the login to https://registry.example has ended'),
    ]);
    const again = [first, ...rest].map((request) => `${request} new-token`);
    expect(sent).toEqual([`${first} old-token`, ...again]);
    expect(credentials.kept?.token.expose()).toBe('new-token');
  });

  it.each(commands)('is what it is for `pub %s` without a terminal', async (line, first) => {
    const sent: string[] = [];
    const { credentials, context } = ended(sent);
    const { exitCode, stdout, stderr } = await run(line, context);
    expect([exitCode, stdout, sent]).toEqual([4, '', [`${first} old-token`]]);
    expect(stderr).toContain('error: failed: the token is not accepted\nhint: run `pub login`\n');
    expect(credentials.kept?.token.expose()).toBe('old-token');
  });

  it('is renewed once: a new token that is refused as well is the end', async () => {
    const { context } = ended([]);
    const registry = registryOf([]);
    const connect = async () =>
      only<Registry>('registry', {
        ...{ displayUrl: registry.displayUrl, packages: registry.packages, whoAmI: registry.whoAmI },
        ...{ beginBrowserLogin: registry.beginBrowserLogin, manualLogin: undefined as never },
        logIn: async () => new Secret('no-better-token'),
      });
    const { exitCode } = await run('deprecate left-pad old', { ...context, connect, answers: logIn });
    expect(exitCode).toBe(4);
  });

  it('is the answer of `pub whoami`', async () => {
    const sent: string[] = [];
    const { credentials, context } = ended(sent);
    const whoAmI = refusing(sent)('whoAmI', 'alice');
    const connect = async () => scriptedRegistry({ whoAmI });
    const { exitCode } = await run('whoami', { ...context, connect, answers: [] });
    expect([exitCode, sent, credentials.kept?.token.expose()]).toEqual([
      4,
      ['whoAmI old-token'],
      'old-token',
    ]);
  });

  it('asks for the password of a new token once', async () => {
    const sent: string[] = [];
    const { context } = ended(sent);
    const answers = [['password of your account', 'correct horse'], ...logIn] as const;
    const { exitCode, stdout } = await run('token create --name ci --scope publish', { ...context, answers });
    expect([exitCode, stdout]).toEqual([0, 'made-token\n']);
    expect(sent).toEqual(['createToken old-token', 'createToken new-token']);
  });
});

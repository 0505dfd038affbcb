import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { PackageChanges } from '../../../src/ecosystems/package-changes.ts';
import type { Proofs } from '../../../src/ecosystems/proofs.ts';
import type { Teams } from '../../../src/ecosystems/teams.ts';
import { SecondFactorRequired } from '../../../src/second-factor/challenge.ts';
import { run } from '../../support/run.ts';
import {
  memoryCredentials,
  only,
  scriptedRegistries,
  scriptedRegistry,
} from '../../support/scripted-context.ts';

type Calls = (readonly unknown[])[];

/** A registry that takes every change with a code, and remembers it. */
function changing(given: { packages?: Partial<PackageChanges>; teams?: Partial<Teams> } = {}) {
  const calls: Calls = [];
  const remember =
    (what: string) =>
    async (proofs: Proofs, ...rest: readonly unknown[]) => {
      if (proofs.oneTimePassword === undefined) {
        throw new SecondFactorRequired({ kind: 'missing', text: 'a one-time password is required' });
      }
      calls.push([what, ...rest]);
    };
  const packages = only<PackageChanges>('packages', {
    setTag: remember('setTag'),
    removeTag: remember('removeTag'),
    unpublish: remember('unpublish'),
    setAccess: remember('setAccess'),
    async deprecate(proofs, ...rest) {
      await remember('deprecate')(proofs, ...rest);
      return ['1.0.0', '1.1.0'];
    },
    ...given.packages,
  });
  const teams = only<Teams>('teams', {
    create: remember('create'),
    destroy: remember('destroy'),
    add: remember('add'),
    remove: remember('remove'),
    ...given.teams,
  });
  const registry = scriptedRegistry({ packages, teams, whoAmI: async () => 'alice' });
  const context: Partial<Context> = {
    registries: scriptedRegistries(),
    credentials: memoryCredentials('secret-token'),
    connect: async () => registry,
  };
  return { calls, context };
}

describe('a change of a package', () => {
  it.each<[string[], unknown[]]>([
    [
      ['dist-tag', 'add', 'left-pad@1.3.0', 'next'],
      ['setTag', 'left-pad', { tag: 'next', version: '1.3.0' }],
    ],
    [
      ['dist-tags', 'set', 'left-pad@1.3.0'],
      ['setTag', 'left-pad', { tag: 'latest', version: '1.3.0' }],
    ],
    [
      ['dist-tag', 'rm', '@acme/tool', 'next'],
      ['removeTag', '@acme/tool', 'next'],
    ],
    [
      ['deprecate', 'left-pad@<1.3 || 2', 'use 3'],
      ['deprecate', 'left-pad', { range: '<1.3 || 2', message: 'use 3' }],
    ],
    [
      ['deprecate', '@acme/tool', 'use 3'],
      ['deprecate', '@acme/tool', { range: '*', message: 'use 3' }],
    ],
    [
      ['undeprecate', 'left-pad@1.3.0'],
      ['deprecate', 'left-pad', { range: '1.3.0', message: '' }],
    ],
    [
      ['unpublish', 'left-pad@1.3.0', '--yes'],
      ['unpublish', 'left-pad', { version: '1.3.0', wholePackage: false }],
    ],
    [
      ['unpublish', 'left-pad', '--force', '--yes'],
      ['unpublish', 'left-pad', { version: undefined, wholePackage: true }],
    ],
    [
      ['access', 'set', 'status=private', '@acme/tool'],
      ['setAccess', '@acme/tool', { status: 'private' }],
    ],
    [
      ['access', 'set', 'mfa=automation', '@acme/tool'],
      ['setAccess', '@acme/tool', { factor: 'automation' }],
    ],
    [
      ['team', 'create', 'acme:devs'],
      ['create', { organisation: 'acme', name: 'devs' }, undefined],
    ],
    [
      ['team', 'destroy', '@acme:devs'],
      ['destroy', { organisation: 'acme', name: 'devs' }],
    ],
    [
      ['team', 'add', 'acme:devs', 'bob'],
      ['add', { organisation: 'acme', name: 'devs' }, 'bob'],
    ],
    [
      ['team', 'rm', 'acme:devs', 'bob'],
      ['remove', { organisation: 'acme', name: 'devs' }, 'bob'],
    ],
  ])('%j is made once, with the code that was asked for', async (argv, call) => {
    const { calls, context } = changing();
    const outcome = await run(argv, { ...context, answers: [['one-time password', '123456']] });
    expect(outcome).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^ *[A-Z]/) });
    expect(calls).toEqual([call]);
  });

  it.each([
    ['dist-tag add left-pad', 'names no version'],
    ['dist-tag add left-pad@1.3.0 1.x', 'is not usable'],
    ['dist-tag list left-pad@1.3.0', 'names a version'],
    ['unpublish left-pad', 'is the whole package'],
    ['access set status=secret left-pad', 'neither status=public|private'],
    ['access get mfa left-pad', 'Allowed choices are status'],
    ['team create devs', 'organisation:team'],
    ['stage approve 1', 'not the id of a staged release'],
  ])('%s is wrong usage, and asks nothing', async (commandLine, why) => {
    const { context } = changing();
    const outcome = await run(commandLine, context);
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stderr).toContain(why);
  });

  it('is not made of an empty deprecation, which would undo one', async () => {
    const { context } = changing();
    expect((await run(['deprecate', 'left-pad', ' '], context)).exitCode).toBe(2);
  });

  it('tells programs what it was', async () => {
    const { context } = changing();
    const { stdout } = await run('deprecate left-pad gone --otp 123456 --json', context);
    expect(JSON.parse(stdout)).toEqual({
      package: 'left-pad',
      versions: ['1.0.0', '1.1.0'],
      deprecated: 'gone',
    });
  });
});

describe('an unpublish', () => {
  it('is asked about, and not done after a no', async () => {
    const { calls, context } = changing();
    const answers = [['Unpublish left-pad@1.3.0?', false]] as const;
    const outcome = await run('unpublish left-pad@1.3.0', { ...context, answers });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain('`pub deprecate` warns');
    expect(calls).toEqual([]);
  });

  it('without a terminal needs --yes', async () => {
    const { calls, context } = changing();
    const outcome = await run('unpublish left-pad@1.3.0 --otp 123456', context);
    expect(outcome.stderr).toContain('hint: pass --yes');
    expect(calls).toEqual([]);
  });
});

describe('what is printed', () => {
  it.each([
    ['dist-tag ls left-pad', { tags: async () => ({ latest: '1.3.0' }) }, 'latest: 1.3.0\n'],
    ['access get status left-pad', { visibility: async () => 'public' as const }, 'left-pad: public\n'],
    [
      'access list packages',
      { packagesOf: async (_: unknown, who: string) => ({ [who]: 'read-only' as const }) },
      'alice: read-only\n',
    ],
    [
      'access ls collaborators left-pad',
      { collaborators: async () => ({ bob: 'read-write' as const }) },
      'bob: read-write\n',
    ],
  ])('%s', async (commandLine, packages, stdout) => {
    const { context } = changing({ packages });
    expect(await run(commandLine, context)).toEqual({ exitCode: 0, stderr: '', stdout });
  });

  it('team ls, of an organisation and of a team', async () => {
    const { context } = changing({
      teams: { list: async () => ['devs'], members: async () => ['alice', 'bob'] },
    });
    expect((await run('team ls @acme', context)).stdout).toBe('acme:devs\n');
    expect((await run('team list acme:devs', context)).stdout).toBe('alice\nbob\n');
  });
});

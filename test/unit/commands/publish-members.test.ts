import { describe, expect, it } from 'vitest';
import type { RegistryTarget } from '../../../src/config/registry-target.ts';
import type { Context } from '../../../src/context.ts';
import type { Members } from '../../../src/ecosystems/ecosystem.ts';
import type { Registry, ReleasePlan } from '../../../src/ecosystems/registry.ts';
import { PubError } from '../../../src/errors.ts';
import { SecondFactorRequired } from '../../../src/second-factor/challenge.ts';
import { Secret } from '../../../src/secret.ts';
import { run } from '../../support/run.ts';
import {
  exampleProject,
  memoryCredentials,
  scriptedProjects,
  scriptedRegistries,
  scriptedRegistry,
  target,
} from '../../support/scripted-context.ts';

/** Three members, of which `app` needs `core` and `core` needs `base`. */
function workspace() {
  const member = (name: string, dependencies: readonly string[]) => {
    const size = name.length;
    return { ...exampleProject({ name, version: '1.0.0', size }), dependencies };
  };
  return [member('app', ['core', 'react']), member('base', []), member('core', ['base'])] as const;
}

interface Scripted {
  readonly plans?: Readonly<Record<string, ReleasePlan>>;
  readonly secondFactor?: boolean | 'unknown';
  /** What `proveBatch` gives for a code; without it the registry has no such proof. */
  readonly proofFor?: (code: string) => string;
  /** Throws what an upload with this code is refused with. */
  readonly judge?: (name: string, code: string | undefined) => void;
}

function registryOf({ plans = {}, secondFactor = false, proofFor, judge }: Scripted = {}) {
  const planned: string[][] = [];
  const proved: { code: string | undefined; names: string[] }[] = [];
  const uploads: [name: string, code: string | undefined][] = [];
  const registry: Registry = scriptedRegistry({
    awaitAvailability: async () => undefined,
    async planPublish(_token, requests) {
      const names = requests.map(({ archive }) => archive.name);
      planned.push(names);
      const releases = names.map((name) => plans[name] ?? { decision: 'accept' as const });
      return { account: 'alice', secondFactor, releases };
    },
    async proveBatch({ oneTimePassword }, requests) {
      const code = oneTimePassword?.expose();
      proved.push({ code, names: requests.map(({ archive }) => archive.name) });
      return proofFor === undefined ? undefined : new Secret(proofFor(code ?? ''));
    },
    async publish({ oneTimePassword }, { archive, stage }) {
      const code = oneTimePassword?.expose();
      uploads.push([archive.name, code]);
      judge?.(archive.name, code);
      return stage ? { state: 'staged', stageId: `stage-${archive.name}` } : { state: 'published' };
    },
  });
  return { registry, planned, proved, uploads };
}

function publishing(registry: Registry, members: Partial<Members> = {}): Partial<Context> {
  return {
    workingDirectory: '/workspace',
    registries: scriptedRegistries(),
    credentials: memoryCredentials('secret-token'),
    projects: scriptedProjects(undefined, { projects: workspace(), private: [], ...members }),
    temporaryFolder: async () => '/temporary',
    connect: async () => registry,
  };
}

const challenge = () =>
  new SecondFactorRequired({ kind: 'missing', text: 'a one-time password is required' });
const refusal = (code: 'E_FORBIDDEN' | 'E_VERSION_EXISTS', name: string): ReleasePlan => ({
  decision: 'refuse',
  refusal: new PubError(code, `failed to publish ${name}`, { cause: new Error('the registry said no') }),
});

describe('members of a workspace', () => {
  it('are judged in one question, proved with one code, and sent in the order of their dependencies', async () => {
    const { registry, planned, proved, uploads } = registryOf({
      secondFactor: true,
      proofFor: () => 'proof',
    });
    const outcome = await run('publish --workspaces', {
      ...publishing(registry, { private: ['docs'] }),
      answers: [['one-time password (to publish 3 packages)', '123456']],
    });
    expect(outcome).toMatchInlineSnapshot(`
      {
        "exitCode": 0,
        "stderr": "docs is private: skipped
          Packaged base@1.0.0
          Packaged core@1.0.0
          Packaged app@1.0.0
          base@1.0.0  2 files, 4 B, tag latest
            sha256 2222222222222222222222222222222222222222222222222222222222222222
          core@1.0.0  2 files, 4 B, tag latest
            sha256 2222222222222222222222222222222222222222222222222222222222222222
          app@1.0.0  2 files, 3 B, tag latest
            sha256 2222222222222222222222222222222222222222222222222222222222222222
      registry  https://registry.example
      account   alice (the keychain)
         Published base@1.0.0 to https://registry.example
         Published core@1.0.0 to https://registry.example
         Published app@1.0.0 to https://registry.example
      ",
        "stdout": "+ base@1.0.0
      + core@1.0.0
      + app@1.0.0
      ",
      }
    `);
    expect(planned).toEqual([['base', 'core', 'app']]);
    expect(proved).toEqual([{ code: '123456', names: ['base', 'core', 'app'] }]);
    expect(uploads).toEqual([
      ['base', 'proof'],
      ['core', 'proof'],
      ['app', 'proof'],
    ]);
  });

  it('take the code of --otp, and -ws as npm writes it', async () => {
    const { registry, proved } = registryOf({ secondFactor: true, proofFor: (code) => `proof of ${code}` });
    expect((await run('publish -ws --otp 123456', publishing(registry))).exitCode).toBe(0);
    expect(proved.map(({ code }) => code)).toEqual(['123456']);
  });

  it('are asked for a code once where the registry takes it for as long as it likes', async () => {
    let asked = 0;
    const { registry, uploads } = registryOf({
      secondFactor: 'unknown',
      judge(name, code) {
        if (code === undefined || (name === 'app' && code === '111111')) {
          asked += 1;
          throw challenge();
        }
      },
    });
    const answers = [
      ['one-time password', '111111'],
      ['one-time password', '222222'],
    ] as const;
    const { exitCode } = await run('publish --workspaces', { ...publishing(registry), answers });
    expect([exitCode, asked]).toEqual([0, 2]);
    expect(uploads).toEqual([
      ['base', undefined],
      ['base', '111111'],
      ['core', '111111'],
      ['app', '111111'],
      ['app', '222222'],
    ]);
  });

  it('that are out already are skipped, and nothing is asked for when all are', async () => {
    const plans = {
      app: refusal('E_VERSION_EXISTS', 'app'),
      base: { decision: 'published' },
      core: { decision: 'published' },
    } as const;
    const { registry, uploads } = registryOf({ plans });
    const outcome = await run('publish --workspaces --json', publishing(registry, { private: ['docs'] }));
    const states = (
      JSON.parse(outcome.stdout) as { members: { name: string; state: string; reason: string }[] }
    ).members;
    expect(states.map(({ name, state, reason }) => [name, state, reason])).toEqual([
      ['base', 'skipped', 'already-published'],
      ['core', 'skipped', 'already-published'],
      ['app', 'skipped', 'version-taken'],
      ['docs', 'skipped', 'private'],
    ]);
    expect(outcome.stderr).toContain('warning: app@1.0.0 is skipped, since the registry said no');
    expect(uploads).toEqual([]);
  });

  it('that were named and whose version is taken are refused, not skipped', async () => {
    const { registry, uploads } = registryOf({ plans: { app: refusal('E_VERSION_EXISTS', 'app') } });
    const outcome = await run('publish -w app -w core', publishing(registry));
    expect(outcome.exitCode).toBe(1);
    expect(uploads).toEqual([]);
  });

  it('go nowhere when one of them would be refused', async () => {
    const { registry, uploads } = registryOf({ plans: { core: refusal('E_FORBIDDEN', 'core') } });
    const outcome = await run('publish --workspaces --json', publishing(registry));
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain('Nothing was sent.');
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      error: {
        code: 'E_FORBIDDEN',
        details: {
          members: [{ state: 'waiting' }, { name: 'core', state: 'refused' }, { state: 'waiting' }],
        },
      },
    });
    expect(uploads).toEqual([]);
  });

  it('stop at the first failure, with an account of what is out', async () => {
    const { registry } = registryOf({
      judge(name) {
        if (name === 'core') throw new PubError('E_FORBIDDEN', 'failed to publish core');
      },
    });
    const outcome = await run('publish --workspaces --json', publishing(registry));
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr.slice(outcome.stderr.indexOf('   Published'))).toMatchInlineSnapshot(`
      "   Published base@1.0.0 to https://registry.example
      out      base@1.0.0
      not out  core@1.0.0, app@1.0.0
      The same command goes on from here: what is out is skipped, and what is staged stays so.
      error: failed to publish core
      hint: run \`pub owner list core\` to see who may publish it
      "
    `);
    const { error } = JSON.parse(outcome.stdout) as { error: { details: { members: { state: string }[] } } };
    expect(error.details.members.map(({ state }) => state)).toEqual(['published', 'waiting', 'waiting']);
  });

  it('say of one whose answer was lost that it may be out', async () => {
    const { registry } = registryOf({
      judge(name) {
        if (name === 'core') throw new PubError('E_NETWORK', 'failed to publish core');
      },
    });
    const { stderr } = await run('publish --workspaces', publishing(registry));
    expect(stderr).toMatch(/out +base@1\.0\.0\n *perhaps out +core@1\.0\.0\n *not out +app@1\.0\.0\n/);
  });

  it('ask for a wrong code once more, and send nothing with it', async () => {
    const { registry, uploads } = registryOf({
      secondFactor: true,
      proofFor(code) {
        if (code === '111111') throw new SecondFactorRequired({ kind: 'refused', text: 'the code is wrong' });
        return 'proof';
      },
    });
    const answers = [
      ['one-time password', '111111'],
      ['the code is wrong', '222222'],
    ] as const;
    expect((await run('publish --workspaces', { ...publishing(registry), answers })).exitCode).toBe(0);
    expect(uploads.map(([, code]) => code)).toEqual(['proof', 'proof', 'proof']);
  });

  it('without a terminal and a code send nothing at all', async () => {
    const { registry, uploads } = registryOf({ secondFactor: true });
    const outcome = await run('publish --workspaces', publishing(registry));
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain('hint: pass --otp <code> or set PUB_OTP');
    expect(uploads).toEqual([]);
  });

  it('are staged without a code', async () => {
    const { registry, uploads } = registryOf({ secondFactor: true });
    const outcome = await run('publish --workspaces --stage --json', publishing(registry));
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      members: [{ state: 'staged', stageId: 'stage-base' }, { state: 'staged' }, { state: 'staged' }],
    });
    expect(uploads.map(([, code]) => code)).toEqual([undefined, undefined, undefined]);
  });

  it('that need each other in a circle go in the order of the workspace, which is told', async () => {
    const [app, base, core] = workspace();
    const projects = [app, { ...base, dependencies: ['app'] }, core];
    const { registry, uploads } = registryOf();
    const outcome = await run('publish --workspaces', publishing(registry, { projects }));
    expect(outcome.stderr).toContain('warning: app needs core needs base needs app: no order is right');
    expect(uploads.map(([name]) => name)).toEqual(['base', 'core', 'app']);
  });

  it('of more than a hundred take a question and a code for each hundred', async () => {
    const projects = Array.from({ length: 101 }, (_, index) => exampleProject({ name: `member-${index}` }));
    const { registry, planned, proved } = registryOf({ secondFactor: true, proofFor: () => 'proof' });
    const answers = [
      ['to publish 100 packages', '111111'],
      ['to publish member-100@1.3.0', '222222'],
    ] as const;
    const outcome = await run('publish --workspaces', { ...publishing(registry, { projects }), answers });
    expect(outcome.exitCode).toBe(0);
    expect(planned.map((names) => names.length)).toEqual([100, 1]);
    expect(proved.map(({ names }) => names.length)).toEqual([100]);
  });

  it('of more than a hundred do not try a code a second time that a registry takes once', async () => {
    const projects = Array.from({ length: 102 }, (_, index) => exampleProject({ name: `member-${index}` }));
    const { registry, proved, uploads } = registryOf({ secondFactor: true, proofFor: () => 'proof' });
    const outcome = await run('publish --workspaces --otp 111111', publishing(registry, { projects }));
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain('pass --otp');
    expect([proved.map(({ names }) => names.length), uploads]).toEqual([[100], []]);
  });
});

describe('members that go to several registries', () => {
  /** `base` goes elsewhere. */
  function toTwo(home: Registry, other: Registry): Partial<Context> {
    const elsewhere = { name: undefined, url: 'https://other.example/', chosenBy: 'a test' };
    const registries = scriptedRegistries({
      resolve: async ({ packageName }) => (packageName === 'base' ? elsewhere : target),
    });
    const connect = async ({ url }: RegistryTarget) => (url === elsewhere.url ? other : home);
    return { ...publishing(home), registries, connect };
  }

  it('show a code to none of them where it is not clear whose it is', async () => {
    for (const secondFactor of [false, true]) {
      const [home, other] = [registryOf({ secondFactor }), registryOf({ secondFactor })];
      const outcome = await run('publish --workspaces --otp 111111', toTwo(home.registry, other.registry));
      expect(outcome.exitCode).toBe(2);
      expect(outcome.stderr).toContain(
        'these packages go to 2 registries, and a one-time password is for one',
      );
      for (const { proved, uploads } of [home, other]) expect([proved, uploads]).toEqual([[], []]);
    }
  });

  it('show a code to the one that wants one, and to no other', async () => {
    const [home, other] = [registryOf({ secondFactor: true, proofFor: () => 'proof' }), registryOf()];
    const outcome = await run('publish --workspaces --otp 111111', toTwo(home.registry, other.registry));
    expect(outcome.exitCode, outcome.stderr).toBe(0);
    expect(home.proved.map(({ code }) => code)).toEqual(['111111']);
    expect([other.proved, other.uploads]).toEqual([[], [['base', undefined]]]);
  });
});

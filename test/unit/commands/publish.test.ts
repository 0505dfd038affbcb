import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { PublishPlan, Registry } from '../../../src/ecosystems/registry.ts';
import { PubError } from '../../../src/errors.ts';
import { SecondFactorRequired } from '../../../src/second-factor/challenge.ts';
import { Secret } from '../../../src/secret.ts';
import { run } from '../../support/run.ts';
import {
  type ExampleProject,
  exampleProject,
  memoryCredentials,
  scriptedProjects,
  scriptedRegistries,
  scriptedRegistry,
  target,
} from '../../support/scripted-context.ts';

const plan: PublishPlan = { account: 'alice', secondFactor: true, releases: [{ decision: 'accept' }] };

interface Upload {
  readonly code: string | undefined;
  readonly tag: string | undefined;
  readonly access: string | undefined;
}

/** A registry that takes one code, and remembers what was uploaded. */
function registryTaking(code: string | undefined, given: Partial<Registry> = {}) {
  const uploads: Upload[] = [];
  const registry = scriptedRegistry({
    awaitAvailability: async () => undefined,
    planPublish: async () => ({ ...plan, secondFactor: code !== undefined }),
    async publish(proofs, request) {
      const sent = proofs.oneTimePassword?.expose();
      uploads.push({ code: sent, tag: request.tag, access: request.access });
      if (code === undefined || sent === code) return { state: request.stage ? 'staged' : 'published' };
      const kind = sent === undefined ? 'missing' : 'refused';
      throw new SecondFactorRequired({ kind, text: `a one-time password is ${kind}` });
    },
    ...given,
  });
  return { registry, uploads };
}

function publishing(project: ExampleProject, registry: Registry, token = 'secret-token'): Partial<Context> {
  return {
    workingDirectory: '/project',
    registries: scriptedRegistries(),
    credentials: memoryCredentials(token),
    projects: scriptedProjects(project),
    temporaryFolder: async () => '/temporary',
    connect: async () => registry,
  };
}

describe('a publish', () => {
  it('shows what is sent, asks for the code, sends it, and says what was published', async () => {
    const project = exampleProject();
    const { registry, uploads } = registryTaking('123456');
    const outcome = await run('publish', {
      ...publishing(project, registry),
      answers: [['one-time password', '123 456']],
    });
    expect(outcome).toMatchInlineSnapshot(`
      {
        "exitCode": 0,
        "stderr": "    Packaged left-pad@1.3.0
          5.0 kB  index.js
           678 B  package.json
      files     2 files
      size      1.2 kB (5.7 kB unpacked)
      sha256    2222222222222222222222222222222222222222222222222222222222222222
      tag       latest
      registry  https://registry.example
      account   alice (the keychain)
         Published left-pad@1.3.0 to https://registry.example
      ",
        "stdout": "+ left-pad@1.3.0
      ",
      }
    `);
    expect(uploads).toEqual([{ code: '123456', tag: 'latest', access: undefined }]);
    expect(project.events).toEqual(['pack for publish', 'after publish']);
  });

  it('lets the person approve in a browser instead, and sends the proof from there', async () => {
    const page = { pageUrl: 'https://registry.example/page', doneUrl: 'https://registry.example/done' };
    const collect = async () => new Secret('f'.repeat(64));
    const planPublish = async () => ({ ...plan, browser: page, codes: true });
    const { registry, uploads } = registryTaking('f'.repeat(64), { planPublish, collect });
    const answers = [
      ['Enter to approve in a browser', ''],
      ['Approve in a browser', page.pageUrl],
    ] as const;
    const { exitCode } = await run('publish', { ...publishing(exampleProject(), registry), answers });
    expect([exitCode, uploads.length]).toEqual([0, 1]);
  });

  it('goes straight to the browser for an account whose factors give no codes', async () => {
    const page = { pageUrl: 'https://registry.example/page', doneUrl: 'https://registry.example/done' };
    const collect = async () => new Secret('f'.repeat(64));
    const planPublish = async () => ({ ...plan, browser: page, codes: false });
    const { registry } = registryTaking('f'.repeat(64), { planPublish, collect });
    const answers = [['Approve in a browser', page.pageUrl]] as const;
    expect((await run('publish', { ...publishing(exampleProject(), registry), answers })).exitCode).toBe(0);
  });

  it('takes a typed code where a browser is offered too', async () => {
    const page = { pageUrl: 'https://registry.example/page', doneUrl: 'https://registry.example/done' };
    const planPublish = async () => ({ ...plan, browser: page, codes: true });
    const { registry } = registryTaking('123456', { planPublish });
    const answers = [['Enter to approve in a browser', '123456']] as const;
    expect((await run('publish', { ...publishing(exampleProject(), registry), answers })).exitCode).toBe(0);
  });

  it('uses the code of --otp, and asks nobody', async () => {
    const { registry, uploads } = registryTaking('123456');
    const { exitCode } = await run('publish --otp 123456', publishing(exampleProject(), registry));
    expect(exitCode).toBe(0);
    expect(uploads).toHaveLength(1);
  });

  it('uses the code of PUB_OTP, and --otp before it', async () => {
    const { registry, uploads } = registryTaking('123456');
    const given = {
      ...publishing(exampleProject(), registry),
      environmentOneTimePassword: new Secret('123456'),
    };
    expect((await run('publish', given)).exitCode).toBe(0);
    expect((await run('publish --otp 000000', given)).exitCode).toBe(1);
    expect(uploads.map(({ code }) => code)).toEqual(['123456', '000000']);
  });

  it('asks once more after a mistyped code, and then gives up', async () => {
    const { registry, uploads } = registryTaking('123456');
    const answers = [
      ['one-time password', '111111'],
      ['a one-time password is refused', '222222'],
    ] as const;
    const outcome = await run('publish', { ...publishing(exampleProject(), registry), answers });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toBe('');
    expect(outcome.stderr.slice(outcome.stderr.indexOf('error:'))).toMatchInlineSnapshot(`
      "error: the one-time password was not accepted
      caused by: a one-time password is refused
      hint: each code works once: wait for the next one, check that the clock of your device is right, and try again
      "
    `);
    expect(uploads).toHaveLength(2);
  });

  it('asks when only the upload shows that a code is needed', async () => {
    const { registry, uploads } = registryTaking('123456', {
      planPublish: async () => ({ ...plan, account: undefined, secondFactor: 'unknown' }),
    });
    const answers = [['a one-time password is missing', '123456']] as const;
    const outcome = await run('publish', { ...publishing(exampleProject(), registry), answers });
    expect(outcome.exitCode).toBe(0);
    expect(uploads.map(({ code }) => code)).toEqual([undefined, '123456']);
  });

  it('without a terminal and without a code fails before anything is sent, and says what to do', async () => {
    const { registry, uploads } = registryTaking('123456');
    const outcome = await run('publish', publishing(exampleProject(), registry));
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr.slice(outcome.stderr.indexOf('error:'))).toMatchInlineSnapshot(`
      "error: cannot ask "one-time password (to publish left-pad@1.3.0)": this is not a terminal
      hint: pass --otp <code> or set PUB_OTP; or --stage, where the registry has it, and have it approved
      "
    `);
    expect(uploads).toEqual([]);
  });

  it('takes its tag, access and path from the command line', async () => {
    const opened: string[] = [];
    const { registry, uploads } = registryTaking(undefined);
    const project = exampleProject({ version: '2.0.0-rc.1' });
    const { exitCode } = await run('publish packages/a --tag next --access public --ignore-scripts', {
      ...publishing(project, registry),
      projects: {
        ...scriptedProjects(project),
        async open(path) {
          opened.push(path);
          return project;
        },
      },
    });
    expect(exitCode).toBe(0);
    expect(opened).toEqual(['/project/packages/a']);
    expect(uploads).toEqual([{ code: undefined, tag: 'next', access: 'public' }]);
    expect(project.events[0]).toBe('pack for publish without scripts');
  });

  it('sends nothing when exactly this archive is already public', async () => {
    const project = exampleProject();
    const { registry, uploads } = registryTaking('123456', {
      planPublish: async () => ({ ...plan, secondFactor: false, releases: [{ decision: 'published' }] }),
    });
    const outcome = await run('publish --json --tag next', publishing(project, registry));
    expect(outcome.exitCode).toBe(0);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ alreadyPublished: true });
    expect(outcome.stderr).toContain('nothing was sent, and the tag next was not moved.');
    expect(uploads).toEqual([]);
    expect(project.events).toEqual(['pack for publish']);
  });

  it('is told before what follows it can fail, and told programs with the failure', async () => {
    const project: ExampleProject = {
      ...exampleProject(),
      afterPublish: async () => {
        throw new PubError('E_SCRIPT', 'the script `postpublish` failed');
      },
    };
    const { registry } = registryTaking(undefined);
    const { exitCode, stdout, stderr } = await run('publish --json', publishing(project, registry));
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Published left-pad@1.3.0 to https://registry.example');
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'E_SCRIPT', details: { name: 'left-pad', version: '1.3.0', state: 'published' } },
    });
  });

  it('tells programs the same as JSON', async () => {
    const { registry } = registryTaking(undefined);
    const { stdout } = await run('publish --json', publishing(exampleProject(), registry));
    expect(JSON.parse(stdout)).toMatchInlineSnapshot(`
      {
        "access": null,
        "account": "alice",
        "alreadyPublished": false,
        "concerns": [],
        "digests": {
          "integrity": "sha512-example",
          "sha1": "1111111111111111111111111111111111111111",
          "sha256": "2222222222222222222222222222222222222222222222222222222222222222",
        },
        "dryRun": false,
        "fileName": "left-pad-1.3.0.tgz",
        "files": [
          {
            "mode": 420,
            "path": "index.js",
            "size": 5000,
          },
          {
            "mode": 420,
            "path": "package.json",
            "size": 678,
          },
        ],
        "name": "left-pad",
        "registry": "https://registry.example",
        "size": 1234,
        "state": "published",
        "tag": "latest",
        "unpackedSize": 5678,
        "version": "1.3.0",
      }
    `);
  });

  it('writes no token and no code anywhere', async () => {
    const { registry } = registryTaking('987654');
    const given = publishing(exampleProject(), registry, 'token-to-hide');
    for (const line of ['publish --otp 987654', 'publish --otp 987654 --json', 'publish --otp 9876540']) {
      const { stdout, stderr } = await run(line, given);
      expect(stdout + stderr).not.toMatch(/token-to-hide|987654/);
    }
  });
});

describe('a publish is refused before packing', () => {
  const { registry } = registryTaking(undefined);

  async function refusal(project: ExampleProject, line: string, given: Partial<Context> = {}) {
    const { exitCode, stdout, stderr } = await run(line, { ...publishing(project, registry), ...given });
    expect(stdout).toBe('');
    expect(project.events).toEqual([]);
    return `${exitCode}\n${stderr}`;
  }

  it('when the manifest says private', async () => {
    expect(await refusal(exampleProject({}, { private: true }), 'publish')).toMatchInlineSnapshot(`
      "1
      error: \`left-pad\` is marked as private in its manifest
      hint: remove "private" from package.json to publish it
      "
    `);
  });

  it('when it is a prerelease without a tag', async () => {
    expect(await refusal(exampleProject({ version: '2.0.0-rc.1+build' }), 'publish')).toMatchInlineSnapshot(`
      "1
      error: 2.0.0-rc.1+build is a prerelease, and no tag was given
      hint: pass --tag, such as \`--tag next\`
      "
    `);
  });

  it.each(['1.0.0', 'v2', 'x', '>=1', 'a b', 'a/b', ''])('when the tag is %j', async (tag) => {
    const { exitCode, stderr } = await run(['publish', '--tag', tag], publishing(exampleProject(), registry));
    expect(exitCode).toBe(2);
    expect(stderr).toContain('is not usable');
  });

  it('when nobody is logged in', async () => {
    const credentials = memoryCredentials();
    expect(await refusal(exampleProject(), 'publish', { credentials })).toMatchInlineSnapshot(`
      "4
      error: not logged in to https://registry.example
      hint: run \`pub login\`
      "
    `);
  });

  it('when the code is not one', async () => {
    expect(await refusal(exampleProject(), 'publish --otp 12x!')).toMatchInlineSnapshot(`
      "2
      error: the value of --otp is not a one-time password
      hint: give the digits your authenticator app shows, such as \`--otp 123456\`
      "
    `);
    const environmentOneTimePassword = new Secret('12\r\nx: y!');
    expect(await refusal(exampleProject(), 'publish', { environmentOneTimePassword })).toContain('PUB_OTP');
  });
});

describe('a publish is refused before the upload', () => {
  it('when the version is taken', async () => {
    const { registry, uploads } = registryTaking(undefined, {
      async planPublish() {
        throw new PubError('E_VERSION_EXISTS', 'failed to publish `left-pad@1.3.0`', {
          cause: new Error('409: left-pad@1.3.0 was published before'),
          hint: 'raise the version in the manifest',
        });
      },
    });
    const { exitCode, stderr } = await run('publish --otp 123456', publishing(exampleProject(), registry));
    expect(exitCode).toBe(1);
    expect(stderr).toMatchInlineSnapshot(`
      "    Packaged left-pad@1.3.0
      error: failed to publish \`left-pad@1.3.0\`
      caused by: 409: left-pad@1.3.0 was published before
      hint: raise the version in the manifest
      "
    `);
    expect(uploads).toEqual([]);
  });

  it('when a script moved it to another registry', async () => {
    const { registry, uploads } = registryTaking(undefined);
    const project = exampleProject();
    const registries = scriptedRegistries({
      resolve: async () =>
        project.events.length === 0 ? target : { ...target, url: 'https://thief.example/' },
    });
    const outcome = await run('publish', { ...publishing(project, registry), registries });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain('changed the registry');
    expect(uploads).toEqual([]);
  });

  it('when a script made it private', async () => {
    const { registry, uploads } = registryTaking(undefined);
    const project = exampleProject();
    const settings = project.publishSettings();
    project.publishSettings = () => ({ ...settings, private: project.events.length > 0 });
    expect((await run('publish', publishing(project, registry))).exitCode).toBe(1);
    expect(uploads).toEqual([]);
  });
});

describe('dangerous files', () => {
  const concerns = [
    { level: 'dangerous', message: 'the archive holds `.env`' },
    { level: 'notable', message: 'the archive is larger than 10 MB' },
  ] as const;

  async function publishDangerously(line: string, answers?: readonly (readonly [string, boolean])[]) {
    const { registry, uploads } = registryTaking(undefined);
    const given = publishing(exampleProject({ concerns }), registry);
    const outcome = await run(line, answers === undefined ? given : { ...given, answers });
    return { ...outcome, uploads: uploads.length };
  }

  it('are refused where nobody can be asked', async () => {
    const { exitCode, stderr, uploads } = await publishDangerously('publish');
    expect(exitCode).toBe(1);
    expect(stderr.slice(stderr.indexOf('warning:'))).toMatchInlineSnapshot(`
      "warning: the archive holds \`.env\`
      warning: the archive is larger than 10 MB
      error: not publishing \`left-pad@1.3.0\`: the archive holds \`.env\`
      hint: leave it out with "files" in package.json or an ignore file, or pass --yes if it belongs there
      "
    `);
    expect(uploads).toBe(0);
  });

  it('are refused with a no, and sent with a yes', async () => {
    expect(await publishDangerously('publish', [['all the same', false]])).toMatchObject({
      exitCode: 1,
      uploads: 0,
    });
    expect(await publishDangerously('publish', [['all the same', true]])).toMatchObject({
      exitCode: 0,
      uploads: 1,
    });
  });

  it('are sent with --yes, and still warned of', async () => {
    const outcome = await publishDangerously('publish --yes');
    expect(outcome).toMatchObject({ exitCode: 0, uploads: 1 });
    expect(outcome.stderr).toContain('warning: the archive holds `.env`');
  });

  it('do not stop a dry run', async () => {
    expect(await publishDangerously('publish --dry-run')).toMatchObject({ exitCode: 0, uploads: 0 });
  });
});

describe('a dry run', () => {
  it('sends nothing and says so', async () => {
    const project = exampleProject();
    const { registry, uploads } = registryTaking('123456');
    const { exitCode, stdout, stderr } = await run('publish --dry-run', publishing(project, registry));
    expect(exitCode).toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toMatchInlineSnapshot(`
      "    Packaged left-pad@1.3.0
          5.0 kB  index.js
           678 B  package.json
      files     2 files
      size      1.2 kB (5.7 kB unpacked)
      sha256    2222222222222222222222222222222222222222222222222222222222222222
      tag       latest
      registry  https://registry.example
      account   alice (the keychain)
           Checked left-pad@1.3.0: a dry run, nothing was sent
      "
    `);
    expect(uploads).toEqual([]);
    expect(project.events).toEqual(['pack for publish']);
  });

  it('works for somebody who has not logged in, and without a keychain', async () => {
    const registry = scriptedRegistry({});
    const without = publishing(exampleProject(), registry);
    const loggedOut = await run('publish --dry-run', { ...without, credentials: memoryCredentials() });
    expect(loggedOut.exitCode).toBe(0);
    expect(loggedOut.stderr).toContain('Not logged in');

    const fails = (code: 'E_KEYCHAIN_UNAVAILABLE' | 'E_KEYCHAIN_LOCKED') => ({
      ...memoryCredentials(),
      async get(): Promise<never> {
        throw new PubError(code, 'no token to be had');
      },
    });
    const unavailable = { ...without, credentials: fails('E_KEYCHAIN_UNAVAILABLE') };
    const locked = { ...without, credentials: fails('E_KEYCHAIN_LOCKED') };
    expect((await run('publish --dry-run', unavailable)).exitCode).toBe(0);
    expect((await run('publish --dry-run', locked)).exitCode).toBe(1);
  });
});

describe('a publish to a registry that cannot be asked beforehand', () => {
  const likely = { planPublish: async () => ({ ...plan, secondFactor: 'likely' as const }) };

  it('asks for the code first where the account has it so', async () => {
    const { registry, uploads } = registryTaking('123456', likely);
    const answers = [
      ['Enter to see what the registry asks for (to publish left-pad@1.3.0)', '123456'],
    ] as const;
    expect((await run('publish', { ...publishing(exampleProject(), registry), answers })).exitCode).toBe(0);
    expect(uploads.map(({ code }) => code)).toEqual(['123456']);
  });

  it('sends without one after no answer, and then asks what the registry asks', async () => {
    const { registry, uploads } = registryTaking('123456', likely);
    const answers = [
      ['Enter to see what the registry asks for', ''],
      ['a one-time password is missing', '123456'],
    ] as const;
    expect((await run('publish', { ...publishing(exampleProject(), registry), answers })).exitCode).toBe(0);
    expect(uploads.map(({ code }) => code)).toEqual([undefined, '123456']);
  });

  it('without a terminal sends it: the token may be one that needs no code', async () => {
    const { registry, uploads } = registryTaking(undefined, likely);
    expect((await run('publish', publishing(exampleProject(), registry))).exitCode).toBe(0);
    expect(uploads.map(({ code }) => code)).toEqual([undefined]);
  });

  it('waits where the registry looks at a release first, and fails when it blocks it', async () => {
    const answers = ['validating', 'blocked', 'published'] as const;
    const outcomes: unknown[] = [];
    for (const availability of answers) {
      const awaitAvailability: Registry['awaitAvailability'] = async (_token, _archive, onValidating) => {
        onValidating?.();
        return availability;
      };
      const { registry } = registryTaking(undefined, { awaitAvailability });
      const line = availability === 'validating' ? 'publish --no-wait' : 'publish';
      const { exitCode, stderr } = await run(line, publishing(exampleProject(), registry));
      outcomes.push([
        exitCode,
        stderr.includes('is being looked at'),
        stderr.includes('can be installed once'),
      ]);
    }
    expect(outcomes).toEqual([
      [0, false, true],
      [1, true, false],
      [0, true, false],
    ]);
  });
});

describe('what a registry says of a release', () => {
  const warned: Partial<Registry> = {
    publish: async () => ({ state: 'published', warnings: ['look at this'] }),
  };

  it.each(['publish', 'publish --no-wait'])('is passed on by `pub %s`', async (line) => {
    const { registry } = registryTaking(undefined, { ...warned, awaitVisible: async () => true });
    const { exitCode, stderr } = await run(line, publishing(exampleProject(), registry));
    expect([exitCode, stderr.includes('warning: look at this')]).toEqual([0, true]);
  });

  it('is out, whatever becomes of looking at it', async () => {
    const awaitVisible = async () => {
      throw new PubError('E_NETWORK', 'failed to reach registry.example');
    };
    const { registry } = registryTaking(undefined, { awaitVisible, awaitAvailability: awaitVisible });
    const { exitCode, stdout, stderr } = await run('publish', publishing(exampleProject(), registry));
    expect([exitCode, stdout]).toEqual([0, '+ left-pad@1.3.0\n']);
    expect(stderr).toContain(
      'warning: left-pad@1.3.0 is uploaded, and whether it is in the index is not known',
    );
    expect(stderr).toContain('warning: left-pad@1.3.0 is published, and whether it can be installed yet');
  });
});

describe('a login that ended', () => {
  /** Takes the new token alone, from wherever the old one stops to work. */
  function ending(at: 'plan' | 'upload', account = 'alice') {
    const revoked: string[] = [];
    const refuse = (token: Secret) => {
      if (token.expose() !== 'new-token') throw new PubError('E_NOT_LOGGED_IN', 'the token is not accepted');
    };
    const { registry, uploads } = registryTaking('123456', {
      async planPublish(token) {
        if (at === 'plan') refuse(token);
        return plan;
      },
      beginBrowserLogin: async () => undefined,
      logIn: async () => new Secret('new-token'),
      whoAmI: async () => account,
      async revoke(token) {
        revoked.push(token.expose());
        return true;
      },
    });
    const { publish } = registry;
    const guarded: Registry = {
      ...registry,
      displayUrl: registry.displayUrl,
      planPublish: registry.planPublish,
      publish: async (proofs, ...rest) => {
        refuse(proofs.token);
        return await publish(proofs, ...rest);
      },
    };
    return { registry: guarded, uploads, revoked };
  }

  const logIn = [
    ['user name', 'alice'],
    ['password', 'correct horse'],
  ] as const;
  const code = ['one-time password', '123456'] as const;

  it.each([
    ['before the plan', 'plan', [...logIn, code]],
    ['during the upload', 'upload', [code, ...logIn]],
  ] as const)('%s is renewed, kept, and nothing is asked twice', async (_, at, answers) => {
    const { registry, uploads } = ending(at);
    const credentials = memoryCredentials('old-token');
    const given = { ...publishing(exampleProject(), registry), credentials, answers };
    const outcome = await run('publish', given);
    expect(outcome.stderr).toContain('warning: the login to https://registry.example has ended');
    expect(outcome.exitCode).toBe(0);
    expect(uploads.map((upload) => upload.code)).toEqual(['123456']);
    expect(credentials.kept?.token.expose()).toBe('new-token');
  });

  it('is not renewed as somebody else, whose new token is ended', async () => {
    const { registry, uploads, revoked } = ending('upload', 'mallory');
    const credentials = memoryCredentials('old-token');
    const given = { ...publishing(exampleProject(), registry), credentials, answers: [code, ...logIn] };
    const outcome = await run('publish', given);
    expect(outcome.stderr).toContain('error: this was begun as alice, and you logged in as mallory');
    expect([uploads.length, revoked, credentials.kept?.token.expose()]).toEqual([
      0,
      ['new-token'],
      'old-token',
    ]);
  });

  it('is renewed with a token made by hand where a registry knows nothing else', async () => {
    const { registry, uploads, revoked } = ending('plan');
    const byHand: Registry = {
      ...registry,
      displayUrl: registry.displayUrl,
      planPublish: registry.planPublish,
      publish: registry.publish,
      manualLogin: async () => ({ page: 'https://registry.example/me' }),
      tryToken: async () => true,
      whoAmI: async () => {
        throw new PubError('E_UNSUPPORTED', 'failed to ask whose token this is');
      },
    };
    const credentials = memoryCredentials('old-token');
    if (credentials.kept !== undefined) credentials.kept = { ...credentials.kept, account: undefined };
    const answers = [['token for https://registry.example', 'new-token'], code] as const;
    const outcome = await run('publish', { ...publishing(exampleProject(), byHand), credentials, answers });
    expect(outcome.stderr).toContain('Logged in at https://registry.example');
    expect([outcome.exitCode, uploads.length, revoked]).toEqual([0, 1, []]);
    expect(credentials.kept?.token.expose()).toBe('new-token');
  });

  it('without a terminal is what it is', async () => {
    const { registry } = ending('plan');
    const outcome = await run('publish --otp 123456', publishing(exampleProject(), registry));
    expect(outcome.exitCode).toBe(4);
  });

  it('is not renewed where the token comes from the environment', async () => {
    const { registry } = ending('plan');
    const credentials = memoryCredentials('old-token');
    if (credentials.kept !== undefined) credentials.kept = { ...credentials.kept, kept: false };
    const outcome = await run('publish', {
      ...publishing(exampleProject(), registry),
      credentials,
      answers: [],
    });
    expect(outcome.exitCode).toBe(4);
  });
});

describe('a provenance file', () => {
  it('that cannot be read, or is for a whole workspace, is wrong usage', async () => {
    const { registry, uploads } = registryTaking(undefined);
    const context = publishing(exampleProject(), registry);
    expect((await run('publish --provenance-file nowhere.json', context)).exitCode).toBe(2);
    expect((await run('publish --workspaces --provenance-file nowhere.json', context)).exitCode).toBe(2);
    expect(uploads).toEqual([]);
  });
});

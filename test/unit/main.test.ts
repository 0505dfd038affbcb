import { readFile } from 'node:fs/promises';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { PubError } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import { nodeRange, runsOnNode } from '../../src/version.ts';
import { run } from '../support/run.ts';
import { memoryCredentials, scriptedRegistries, scriptedRegistry } from '../support/scripted-context.ts';

const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));

/** `pub whoami`, where asking the registry does this. */
const whoami = (whoAmI: () => Promise<string>) => ({
  registries: scriptedRegistries(),
  credentials: memoryCredentials('secret-token'),
  connect: async () => scriptedRegistry({ whoAmI }),
});

describe('the command line', () => {
  it('answers --version with the version of the package', async () => {
    const expected = { exitCode: 0, stdout: `${manifest.version}\n`, stderr: '' };
    expect(await run('--version')).toEqual(expected);
    expect(await run('-V')).toEqual(expected);
    expect(JSON.parse((await run('--json --version')).stdout)).toEqual({ version: manifest.version });
  });

  it('suggests the command that was meant', async () => {
    const outcome = await run('publsh');
    expect(outcome).toMatchInlineSnapshot(`
      {
        "exitCode": 2,
        "stderr": "error: unknown command 'publsh'
      hint: did you mean \`publish\`?
      ",
        "stdout": "",
      }
    `);
  });

  it('suggests it to who asks for its help, too', async () => {
    expect(await run('help publsh')).toEqual(await run('publsh'));
    expect(await run('help publish')).toMatchObject({ exitCode: 0 });
    expect(JSON.parse((await run('help publsh --json')).stdout)).toMatchObject({
      error: { code: 'E_USAGE' },
    });
  });

  it('suggests the option that was meant', async () => {
    expect((await run('publish --dryrun')).stderr).toContain('did you mean `--dry-run`?');
  });

  it('takes --json before and after the command, and not after --', async () => {
    for (const line of ['--json whoami --frobnicate', 'whoami --frobnicate --json']) {
      const { exitCode, stdout } = await run(line);
      expect(exitCode).toBe(2);
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'E_USAGE' } });
    }
    expect((await run('whoami -- --json')).stdout).toBe('');
  });

  it('prints a usage error once', async () => {
    const { stderr } = await run('whoami --frobnicate');
    expect(stderr.match(/frobnicate/g)).toHaveLength(1);
  });
});

describe('an error', () => {
  it('is printed once, with its causes and its hint', async () => {
    const outcome = await run(
      'whoami',
      whoami(async () => {
        const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED' });
        const cause = new Error('connect failed', { cause: refused });
        throw new PubError('E_NETWORK', 'no answer from registry.example', {
          cause,
          hint: 'check the network',
        });
      }),
    );
    expect(outcome).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "error: no answer from registry.example
      caused by: connect failed
      caused by: ECONNREFUSED
      hint: check the network
      ",
        "stdout": "",
      }
    `);
  });

  it('nobody foresaw is called a mistake of ours, with the stack', async () => {
    const { exitCode, stdout, stderr } = await run(
      'whoami --json',
      whoami(async () => {
        throw new TypeError('x is not a function');
      }),
    );
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'E_UNEXPECTED' } });
    expect(stderr).toContain('error: unexpected: x is not a function');
    expect(stderr).toContain('main.test.ts');
    expect(stderr).toContain('please report it');
  });

  it('that refers to itself ends', async () => {
    const { stderr } = await run(
      'whoami',
      whoami(async () => {
        const error = new PubError('E_REGISTRY', 'one');
        const cause: Error = new Error('two', { cause: error });
        throw Object.assign(error, { cause });
      }),
    );
    expect(stderr.split('\n').length).toBeLessThan(12);
  });

  it('shows no secret, whatever it was made of', async () => {
    const { stderr } = await run(
      'whoami',
      whoami(async () => {
        const token = new Secret('token-to-hide');
        throw new Error(`bad token ${token} ${JSON.stringify({ token })}`);
      }),
    );
    expect(stderr).toContain('[secret]');
    expect(stderr).not.toContain('token-to-hide');
  });

  it('lets nothing that a registry wrote steer the terminal', async () => {
    const { stderr } = await run(
      'whoami',
      whoami(async () => {
        throw new PubError('E_REGISTRY', 'bad', { cause: new Error('\u001b]0;owned\u0007\u001b[2J\r\nok') });
      }),
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(stderr.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });
});

describe('Ctrl-C', () => {
  it('ends a command that waits for something', async () => {
    const interruption = new AbortController();
    const outcome = await run('whoami', {
      ...whoami(() => {
        interruption.abort();
        return new Promise(() => {});
      }),
      signal: interruption.signal,
    });
    expect(outcome).toEqual({ exitCode: 130, stdout: '', stderr: 'error: interrupted\n' });
  });

  it('before the command began ends it too', async () => {
    const given = { ...whoami(() => new Promise(() => {})), signal: AbortSignal.abort() };
    expect((await run('whoami', given)).exitCode).toBe(130);
  });
});

describe('the versions of Node it runs on', () => {
  it('are those of package.json', () => {
    expect(nodeRange).toBe(manifest.engines.node);
    for (let major = 18; major <= 30; major += 1) {
      for (const minor of [0, 1, 14, 15, 16, 21, 22, 23]) {
        for (const patch of [0, 1, 2, 3]) {
          const version = `${major}.${minor}.${patch}`;
          expect(runsOnNode(version), version).toBe(semver.satisfies(version, nodeRange));
        }
      }
    }
  });
});

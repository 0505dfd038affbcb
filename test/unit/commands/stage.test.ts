import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { StagedRelease, Staging } from '../../../src/ecosystems/staging.ts';
import { PubError } from '../../../src/errors.ts';
import { SecondFactorRequired } from '../../../src/second-factor/challenge.ts';
import { run } from '../../support/run.ts';
import {
  exampleProject,
  memoryCredentials,
  only,
  scriptedProjects,
  scriptedRegistries,
  scriptedRegistry,
} from '../../support/scripted-context.ts';

const ids = [1, 2, 3].map((digit) => `${digit}b2d5c1e-8a45-4f4e-9d0b-3f4c1a2b5d6e`);

const release = (id: string): StagedRelease => ({
  id,
  ecosystem: 'npm',
  packageName: 'left-pad',
  version: `1.3.${id[0]}`,
  tag: 'latest',
  state: 'staged',
  stagedBy: 'ci',
  stagedAt: '2026-11-24T12:00:00.000Z',
  access: 'public',
  sha1: '1'.repeat(40),
  sha256: '2'.repeat(64),
});

function staging(given: Partial<Staging> = {}): Partial<Context> {
  const view = async (_token: unknown, id: string) => release(id);
  const registry = scriptedRegistry({ staging: only<Staging>('staging', { view, ...given }) });
  return {
    registries: scriptedRegistries(),
    credentials: memoryCredentials('secret-token'),
    connect: async () => registry,
  };
}

/** Takes a code `times` times. */
function approving(times: number) {
  const approved: [id: string | undefined, code: string | undefined][] = [];
  const uses = new Map<string, number>();
  const approve: Staging['approve'] = async ({ oneTimePassword }, id) => {
    const code = oneTimePassword?.expose() ?? '';
    const used = uses.get(code) ?? 0;
    if (code === '' || used === times) {
      throw new SecondFactorRequired({ kind: 'missing', text: 'a one-time password is required' });
    }
    uses.set(code, used + 1);
    approved.push([id, code]);
  };
  return { approve, approved };
}

describe('approving', () => {
  it('several takes one code where the registry takes it several times', async () => {
    const { approve, approved } = approving(9);
    const answers = [['one-time password', '111111']] as const;
    const outcome = await run(`stage approve ${ids.join(' ')}`, { ...staging({ approve }), answers });
    expect(outcome.exitCode).toBe(0);
    expect(approved).toEqual(ids.map((id) => [id, '111111']));
    expect(outcome.stderr).toContain('sha256     2222');
    expect(outcome.stderr).toContain('    Approved left-pad@1.3.1');
  });

  it('several asks again where a code works once, also after one that was given', async () => {
    const { approve, approved } = approving(1);
    const answers = [
      ['one-time password', '222222'],
      ['one-time password', '333333'],
    ] as const;
    const context = { ...staging({ approve }), answers };
    expect((await run(`stage approve ${ids.join(' ')} --otp 111111`, context)).exitCode).toBe(0);
    expect(approved.map(([, code]) => code)).toEqual(['111111', '222222', '333333']);

    const alone = await run(`stage approve ${ids.join(' ')} --otp 111111`, staging(approving(1)));
    expect(alone.exitCode).toBe(1);
    expect(alone.stderr).toContain('the one before was good once: this takes the next one');
    expect(alone.stderr).toContain(`Still waiting: ${ids.slice(1).join(' ')}`);
  });

  it('stops at the first failure and says what still waits', async () => {
    const approve: Staging['approve'] = async (_proofs, id) => {
      if (id === ids[1]) throw new PubError('E_FORBIDDEN', 'failed to approve');
    };
    const outcome = await run(`stage approve ${ids.join(' ')} --json`, staging({ approve }));
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain(`Still waiting: ${ids[1]} ${ids[2]}`);
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      error: { details: { approved: [ids[0]], waiting: [ids[1], ids[2]] } },
    });
  });

  it('nothing happens when one of them is not there', async () => {
    const view: Staging['view'] = async (_token, id) => {
      if (id === ids[2]) throw new PubError('E_NOT_FOUND', 'failed to read');
      return release(id);
    };
    expect((await run(`stage approve ${ids.join(' ')}`, staging({ view }))).exitCode).toBe(1);
  });

  it('the other way is to reject', async () => {
    const rejected: string[] = [];
    const reject: Staging['reject'] = async (_proofs, id) => void rejected.push(id);
    const outcome = await run(`stage reject ${ids[0]} ${ids[0]} --json`, staging({ reject }));
    expect(rejected).toEqual([ids[0]]);
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      rejected: [{ package: 'left-pad', version: '1.3.1' }],
    });
  });
});

describe('looking', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pub-stage-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('lists and shows what waits', async () => {
    const context = staging({ list: async () => [release(ids[0] ?? '')] });
    expect((await run('stage list left-pad', context)).stdout).toBe(`${ids[0]}  left-pad@1.3.1  by ci\n`);
    expect((await run(`stage view ${ids[0]}`, context)).stdout).toContain('package: left-pad@1.3.1\n');
  });

  const downloading = (archive: Parameters<typeof exampleProject>[0]) => ({
    ...staging({
      async download(_token, _release, into) {
        await writeFile(join(into, 'left-pad-1.3.1.tgz'), 'the archive');
        return join(into, 'left-pad-1.3.1.tgz');
      },
    }),
    workingDirectory: folder,
    temporaryFolder: () => mkdtemp(join(folder, 'temporary-')),
    projects: scriptedProjects(exampleProject({ version: '1.3.1', ...archive })),
  });

  it('downloads exactly what would be approved', async () => {
    const outcome = await run(`stage download ${ids[0]}`, downloading({}));
    expect(outcome.stdout).toBe(`${join(folder, 'left-pad-1.3.1.tgz')}\n`);
    expect(await readFile(join(folder, 'left-pad-1.3.1.tgz'), 'utf8')).toBe('the archive');
  });

  it('says which folder is not there', async () => {
    const outcome = await run(`stage download ${ids[0]} --out missing`, downloading({}));
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stderr).toContain('hint: name a folder that is there with --out');
  });

  it('writes through no link that lies there', async () => {
    const elsewhere = join(folder, 'elsewhere');
    await writeFile(elsewhere, 'untouched');
    await symlink(elsewhere, join(folder, 'left-pad-1.3.1.tgz'));
    expect((await run(`stage download ${ids[0]}`, downloading({}))).exitCode).toBe(0);
    expect(await readFile(elsewhere, 'utf8')).toBe('untouched');
    expect(await readFile(join(folder, 'left-pad-1.3.1.tgz'), 'utf8')).toBe('the archive');
  });

  it.each([
    ['another version', { version: '1.3.2' }],
    ['another package', { name: 'right-pad' }],
    ['other bytes', { digests: { sha1: '1'.repeat(40), sha256: '3'.repeat(64), integrity: 'sha512-x' } }],
    ['a broken sha1', { digests: { sha1: '3'.repeat(40), sha256: '2'.repeat(64), integrity: 'sha512-x' } }],
  ])('keeps no archive that is %s', async (_, archive) => {
    const outcome = await run(`stage download ${ids[0]}`, downloading(archive));
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain('hint: do not approve it');
    await expect(readFile(join(folder, 'left-pad-1.3.1.tgz'))).rejects.toThrow();
  });
});

import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../bin/pub.ts', import.meta.url));

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pub-home-'));
  await mkdir(join(home, 'tmp'));
  await mkdir(join(home, 'project'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

interface Running {
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  kill(signal: NodeJS.Signals): void;
  input(text: string): void;
}

/** The program as a process of its own, in an empty home, without a keychain and without a terminal. */
function pub(argv: readonly string[], environment: Record<string, string> = {}): Running {
  const env = { PATH: process.env['PATH'], HOME: home, XDG_CONFIG_HOME: home, TMPDIR: join(home, 'tmp') };
  const child = spawn(process.execPath, [program, ...argv], {
    cwd: join(home, 'project'),
    env: { ...env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  child.stdin.on('error', () => {});
  return {
    ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr }))),
    kill: (signal) => child.kill(signal),
    input: (text) => child.stdin.end(text),
  };
}

/** A registry that never answers; `asked` is settled by the first request. */
async function silentRegistry(): Promise<{ server: Server; url: string; asked: Promise<void> }> {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const server = createServer(() => resolve());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
}

describe('the program', () => {
  it('knows the registry of npm without being told', async () => {
    const { code, stdout } = await pub(['registry', 'list']).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^npm {2}https:\/\/\S+\/ {2}\(default\)\n$/);
  });

  it('says at once what is missing where there is nobody to ask', async () => {
    const { code, stderr } = await pub(['whoami', '--registry', 'http://127.0.0.1:1/']).ended;
    expect(code).toBe(4);
    expect(stderr).toMatch(/^error: not logged in to http:\/\/127\.0\.0\.1:1\/\nhint: run `pub login/);
  });

  it('refuses standard input that is too long to be a secret', async () => {
    const disabling = pub(['2fa', 'disable', '--password-stdin', '--registry', 'http://127.0.0.1:1/'], {
      PUB_TOKEN: 'token',
      PUB_REGISTRY: 'http://127.0.0.1:1/',
    });
    disabling.input('x'.repeat(100_000));
    const { code, stderr } = await disabling.ended;
    expect(code).toBe(2);
    expect(stderr).toBe('error: standard input is too long to be a secret\n');
  });

  it('opens a package, and says so where there is none', async () => {
    const { code, stderr } = await pub(['package']).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('there is no package at');
    await writeFile(join(home, 'project/package.json'), '{"name":"left-pad","version":"1.3.0"}');
    const listed = await pub(['package', '--list', '--json']).ended;
    expect(JSON.parse(listed.stdout)).toMatchObject({ name: 'left-pad', files: [{ path: 'package.json' }] });
    expect(await readdir(join(home, 'tmp'))).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'on %s ends with 130 and leaves no temporary folder',
    async (signal) => {
      await writeFile(join(home, 'project/package.json'), '{"name":"left-pad","version":"1.3.0"}');
      const { server, url, asked } = await silentRegistry();
      try {
        const publishing = pub(['publish', '--registry', url], { PUB_TOKEN: 'token', PUB_REGISTRY: url });
        await asked;
        expect(await readdir(join(home, 'tmp'))).toHaveLength(1);
        publishing.kill(signal);
        const { code, stdout, stderr } = await publishing.ended;
        expect(code).toBe(130);
        expect(stdout).toBe('');
        expect(stderr).toContain('error: interrupted');
        expect(await readdir(join(home, 'tmp'))).toEqual([]);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    },
  );
});

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FreshHome, freshHome } from './fresh-home.ts';
import { builtRegistry, nextVerdaccio, peerPackage, pinnedNode } from './places.ts';
import { collect, endGroup, startProcess } from './processes.ts';

/** A registry that runs for a test. */
export interface RunningServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** When it was started, as `performance.now()` has it. */
  readonly spawnedAt: number;
  /** What it has said on stderr so far. */
  log(): string;
  /** SIGTERM, and an error if it does not end by itself with 0. Removes its data unless that was given. */
  stop(): Promise<void>;
  /** SIGKILL, as a power cut would. Keeps the data. */
  kill9(): Promise<void>;
}

export interface RegistryOptions {
  /** The data folder, to keep it across restarts; otherwise a temporary one. */
  readonly data?: string;
  readonly args?: readonly string[];
  readonly port?: number;
  /** Milliseconds a start may take. */
  readonly timeout?: number;
}

/** Starts the built `pub-registry` and waits for the line that says it is listening. */
export async function startRegistry(options: RegistryOptions = {}): Promise<RunningServer> {
  const home = await freshHome();
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'pub-registry-')));
  const args = ['--data', data, '--port', String(options.port ?? 0), ...(options.args ?? [])];
  const spawnedAt = performance.now();
  const child = startProcess(pinnedNode, [builtRegistry, ...args], { cwd: home.path, env: home.env });
  const cleanUp = async () => {
    await home.remove();
    if (options.data === undefined) await rm(data, { recursive: true, force: true });
  };
  return await ready(child, {
    spawnedAt,
    cleanUp,
    timeout: options.timeout ?? 30_000,
    address: listeningLine,
    endsWith: 0,
  });
}

/** `pub-registry` prints one line on stdout when it is ready. */
const listeningLine = (stdout: string) => /^listening on (http:\/\/\S+?)\/?$/m.exec(stdout)?.[1];

/**
 * Verdaccio 6, offline, with an open sign-up. It has no port 0, so a free one is chosen for it. With `signedTokens`
 * its tokens are JSON Web Tokens; by default it compares a password with its bcrypt hash for each request.
 */
export async function startVerdaccio({ signedTokens = false } = {}): Promise<RunningServer> {
  return await startVerdaccioAt(peerPackage('verdaccio'), 'SIGTERM', signedTokens ? jsonWebTokens : '');
}

/** The next one, with what it has behind flags: a second factor, staging, and a login in a browser. */
export async function startNextVerdaccio(): Promise<RunningServer> {
  const flags = 'flags:\n  tfa: true\n  stage: true\n  webLogin: true\n';
  return await startVerdaccioAt(nextVerdaccio, 0, flags);
}

async function startVerdaccioAt(
  folder: string,
  endsWith: Starting['endsWith'],
  settings: string,
): Promise<RunningServer> {
  const home = await freshHome();
  const url = `http://127.0.0.1:${await freePort()}`;
  const config = await home.file('config.yaml', verdaccioConfig(home) + settings);
  const script = join(folder, 'bin', 'verdaccio');
  const spawnedAt = performance.now();
  const child = startProcess(pinnedNode, [script, '--config', config, '--listen', url], {
    cwd: home.path,
    env: home.env,
  });
  const answers = async () => ((await fetch(`${url}/-/ping`).catch(() => undefined))?.ok ? url : undefined);
  return await ready(child, {
    spawnedAt,
    cleanUp: () => home.remove(),
    timeout: 60_000,
    address: answers,
    endsWith,
  });
}

function verdaccioConfig(home: FreshHome): string {
  return `storage: ${home.path}/storage
auth:
  htpasswd:
    file: ${home.path}/htpasswd
uplinks: {}
packages:
  '**':
    access: $all
    publish: $authenticated
    unpublish: $authenticated
publish:
  allow_offline: true
web:
  enable: false
log:
  type: stdout
  format: json
  level: warn
`;
}

const jsonWebTokens = `security:
  api:
    legacy: false
    jwt:
      sign:
        expiresIn: 7d
`;

interface Starting {
  readonly spawnedAt: number;
  readonly cleanUp: () => Promise<void>;
  readonly timeout: number;
  /** The URL once the server can be spoken to. */
  readonly address: (stdout: string) => string | undefined | Promise<string | undefined>;
  /** How it ends when told to: by itself, or by the signal. */
  readonly endsWith: 0 | 'SIGTERM';
}

async function ready(child: ChildProcess, starting: Starting): Promise<RunningServer> {
  const output = collect(child);
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const until = Date.now() + starting.timeout;
  while (alive(child) && Date.now() < until) {
    const url = await starting.address(output.stdout());
    if (url !== undefined) return runningServer(url, { ...starting, child, closed, log: output.stderr });
    await sleep(5);
  }
  endGroup(child);
  await closed;
  await starting.cleanUp();
  throw new Error(`the server did not start\n${output.stdout()}\n${output.stderr()}`);
}

interface Running extends Starting {
  readonly child: ChildProcess;
  readonly closed: Promise<[number | null, NodeJS.Signals | null]>;
  readonly log: () => string;
}

function runningServer(
  url: string,
  { child, closed, spawnedAt, log, cleanUp, endsWith }: Running,
): RunningServer {
  const stop = async () => {
    const running = alive(child);
    if (running) child.kill('SIGTERM');
    const timer = setTimeout(() => endGroup(child), 15_000);
    const [code, signal] = await closed;
    clearTimeout(timer);
    await cleanUp();
    if (running && (code ?? signal) !== endsWith) {
      throw new Error(`the server ended with ${code ?? signal} on SIGTERM\n${log()}`);
    }
  };
  return {
    url,
    port: Number(new URL(url).port),
    process: child,
    spawnedAt,
    log,
    stop,
    kill9: async () => {
      if (alive(child)) endGroup(child);
      await closed;
    },
    [Symbol.asyncDispose]: stop,
  };
}

const alive = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

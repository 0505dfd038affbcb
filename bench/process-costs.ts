import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signUp } from '../test/support/accounts.ts';
import { type RunningServer, startRegistry } from '../test/support/servers.ts';
import {
  type BenchRelease,
  npmPublish,
  type Publisher,
  pubUpload,
  releaseOf,
  runPublishes,
} from './publishes.ts';

/** What a server takes, read from Linux's /proc: processor time and memory. */

const megabyte = 1024 * 1024;

function memoryOf(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
}

/** User and system time of all threads so far; the clock ticks 100 times a second on every Linux. */
export function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** By how many megabytes the resident set grows at most during `work`. */
async function growthDuring(pid: number, work: () => Promise<unknown>): Promise<number> {
  // Forgets the peak there was: proc(5).
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = memoryOf(pid, 'VmRSS');
  await work();
  return memoryOf(pid, 'VmHWM') - before;
}

type Send = (publisher: Publisher, release: BenchRelease) => Buffer;

async function growthOf(
  server: RunningServer,
  publisher: Publisher,
  send: Send,
  name: string,
): Promise<number> {
  const request = send(publisher, releaseOf(name, '1.0.0', 32 * megabyte));
  return await growthDuring(server.process.pid ?? 0, () => runPublishes(server.url, [request], 1));
}

export interface UploadMemory {
  readonly idle: number;
  /** Of the first archive of 32 MB this process ever sees, and of one after it. */
  readonly first: number;
  readonly later: number;
}

/** Megabytes, in a process that has published a few small packages. */
export async function measureUploadMemory(kind: 'npm' | 'pub'): Promise<UploadMemory> {
  await using server = await startRegistry();
  const { token } = await signUp(server.url, 'bench');
  const publisher = { url: server.url, token };
  const send = kind === 'npm' ? npmPublish : pubUpload;
  const small = Array.from({ length: 20 }, (_, i) =>
    send(publisher, releaseOf(`small-${i}`, '1.0.0', 4_000)),
  );
  await runPublishes(server.url, small, 2);
  const idle = memoryOf(server.process.pid ?? 0, 'VmRSS');
  const first = await growthOf(server, publisher, send, 'large-1');
  const later = await growthOf(server, publisher, send, 'large-2');
  return { idle, first, later };
}

/** The first `fetch` of this process takes up to 40 ms, which are no server's. */
async function warmUpFetch(): Promise<void> {
  const server = createServer((_request, response) => response.end('{}')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await (await fetch(`http://127.0.0.1:${port}/`)).arrayBuffer();
  server.closeAllConnections();
  server.close();
}

/** Milliseconds from the start of the process to its first answer. */
export async function measureFirstAnswer(start: () => Promise<RunningServer>): Promise<number> {
  await warmUpFetch();
  await using server = await start();
  const answer = await fetch(`${server.url}/-/ping`);
  await answer.arrayBuffer();
  return performance.now() - server.spawnedAt;
}

import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { freshHome } from '../support/fresh-home.ts';
import { builtRegistry, pinnedNode } from '../support/places.ts';
import { endGroup, startProcess } from '../support/processes.ts';
import { startRegistry } from '../support/servers.ts';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pub-registry-'));
  folders.push(folder);
  return folder;
}

/** Starts on a new folder, and kills as soon as the database's log has grown to `size`, or the process has ended. */
async function killWhenWritten(data: string, size: number): Promise<void> {
  await using home = await freshHome();
  const argv = [builtRegistry, '--data', data, '--port', '0'];
  const child = startProcess(pinnedNode, argv, { cwd: home.path, env: home.env });
  const closed = once(child, 'close');
  const log = join(data, 'registry.sqlite-wal');
  const until = Date.now() + 20_000;
  while (Date.now() < until && !(existsSync(log) && statSync(log).size >= size)) await sleep(1);
  endGroup(child);
  await closed;
}

it('a start that is killed while it makes the database is made good by the next', async () => {
  for (const kilobytes of [0, 16, 64, 128, 256]) {
    const data = await newFolder();
    await killWhenWritten(data, kilobytes * 1024);
    await using server = await startRegistry({ data });
    expect((await fetch(`${server.url}/-/ping`)).status).toBe(200);
  }
}, 120_000);

it('of two that start at once on a new folder, both serve', async () => {
  const data = await newFolder();
  const servers = await Promise.all([startRegistry({ data }), startRegistry({ data })]);
  for (const server of servers) {
    expect((await fetch(`${server.url}/-/ping`)).status).toBe(200);
    await server.stop();
  }
}, 60_000);

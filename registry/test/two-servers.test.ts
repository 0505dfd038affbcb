import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { codeOf, seedIn } from './support/authenticator.ts';
import { archiveOf, npmDocument, pathOf } from './support/publishing.ts';
import { goodPassword, place, profilePath, userPath } from './support/test-registry.ts';

/** Two real processes on one data folder: what they keep each other from is in the database and nowhere else. */

const program = join(import.meta.dirname, '..', 'bin', 'pub-registry.ts');

async function startServer(data: string): Promise<string> {
  const server = spawn(process.execPath, [program, '--data', data, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => stop(server));
  for await (const line of createInterface(server.stdout)) return line.replace('listening on ', '');
  throw new Error('the server ended before it listened');
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill('SIGTERM');
  await once(server, 'exit');
}

async function send(url: string, method: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

test('two server processes on one folder accept a code and a recovery code once between them, and one archive for a version', async () => {
  const data = mkdtempSync(join(place, 'pub-registry-'));
  onTestFinished(() => rmSync(data, { recursive: true, force: true }));
  const first = await startServer(data);
  const second = await startServer(data);
  const servers = [first, second];
  const account = { name: 'alice', password: goodPassword, email: 'alice@example.org' };
  const { body } = await send(first + userPath('alice'), 'PUT', account);
  const authorization = { authorization: `Bearer ${body['token']}` };

  const publishAll = async (
    count: number,
    versionOf: (i: number) => string,
    headers: Record<string, string>,
  ) =>
    await Promise.all(
      Array.from({ length: count }, (_, i) => {
        const manifest = { name: '@acme/tool', version: versionOf(i), description: `attempt ${i}` };
        const document = npmDocument(manifest, archiveOf({ manifest }));
        return send(`${servers[i % 2]}${pathOf('@acme/tool')}`, 'PUT', document, {
          ...authorization,
          ...headers,
        });
      }),
    );
  const sameVersion = await publishAll(8, () => '1.0.0', {});
  expect(sameVersion.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);

  const begun = await send(
    first + profilePath,
    'POST',
    { tfa: { mode: 'auth-and-writes', password: goodPassword } },
    authorization,
  );
  const seed = seedIn(begun.body['tfa'] ?? '');
  const confirmed = await send(
    second + profilePath,
    'POST',
    { tfa: [codeOf(seed, Date.now())] },
    authorization,
  );
  expect(confirmed.status).toBe(200);
  // Three, and three again: more wrong codes than that would have to wait, in whichever order they come.
  // One step ahead of the code that confirmed: a later step, and still in its window should the next one begin.
  const sameCode = await publishAll(3, (i) => `2.0.${i}`, {
    'npm-otp': codeOf(seed, Date.now() + 30_000),
  });
  expect(sameCode.map(({ status }) => status).sort()).toEqual([201, 401, 401]);

  const recoveryCodes = confirmed.body['tfa'] as unknown as string[];
  const logIns = await Promise.all(
    Array.from({ length: 3 }, (_, i) =>
      send(
        servers[i % 2] + userPath('alice'),
        'PUT',
        { name: 'alice', password: goodPassword },
        { 'npm-otp': recoveryCodes[0] ?? '' },
      ),
    ),
  );
  expect(logIns.filter(({ status }) => status === 201)).toHaveLength(1);
});

import { mkdtempSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BareServer, startBare } from './start-bare.ts';

/** One of our answers, to be sent again by a server that does nothing else. */
export interface Captured {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The answer as it comes, compressed or not. */
export async function capture(url: string, headers: Readonly<Record<string, string>>): Promise<Captured> {
  const { promise, resolve, reject } = Promise.withResolvers<Captured>();
  get(url, { headers, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const kept = Object.entries(response.headers).filter(([name]) => !hopByHop.includes(name));
      const texts = kept.map(([name, value]) => [name, String(value)] as const);
      resolve({ headers: Object.fromEntries(texts), body: Buffer.concat(chunks) });
    });
  }).on('error', reject);
  return await promise;
}

const hopByHop = ['connection', 'keep-alive', 'date', 'transfer-encoding', 'content-length'];

/** Starts a server of that kind over these answers, by their paths. */
export async function startBareServer(
  kind: 'node:http' | 'fastify',
  answers: ReadonlyMap<string, Captured>,
): Promise<BareServer> {
  const folder = mkdtempSync(join(tmpdir(), 'pub-bench-'));
  const file = join(folder, 'answers.json');
  const texts = [...answers].map(([path, { headers, body }]) => [
    path,
    { headers, body: body.toString('base64') },
  ]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(texts)));
  return await startBare('bare-server.ts', [kind, file], folder);
}

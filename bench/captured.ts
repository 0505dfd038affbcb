import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinnedNode } from '../test/support/places.ts';
import { collect, endGroup, startProcess } from '../test/support/processes.ts';

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

export interface BareServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

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
  const script = join(import.meta.dirname, 'bare-server.ts');
  const child = startProcess(pinnedNode, [script, kind, file], { env: {} });
  const output = collect(child);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.stdout?.on('data', () => {
    const url = /^listening on (\S+)$/m.exec(output.stdout())?.[1];
    if (url !== undefined) resolve(url);
  });
  child.once('close', () => reject(new Error(`the bare server ended\n${output.stderr()}`)));
  return {
    url: await promise,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      endGroup(child);
      rmSync(folder, { recursive: true });
    },
  };
}

/** What cargo asks of the registry beside what npm asks, of the same registry in one run: reading an index, and publishing. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { file, tar } from '../registry/test/support/archives.ts';
import { crateArchive, publishBody } from '../registry/test/support/crates.ts';
import { npmDocument } from '../registry/test/support/publishing.ts';
import { signUp } from '../test/support/accounts.ts';
import { startRegistry } from '../test/support/servers.ts';

const versions = 50;
const readsInRound = 500;
const publishesInRound = 40;
const rounds = 5;
const atOnce = 8;

/** One kind of request; each call is another one. */
interface Work {
  readonly name: string;
  readonly once: (count: number) => Promise<void>;
}

await using registry = await startRegistry();
const { token } = await signUp(registry.url, 'bench');
let made = 0;

async function send(path: string, init: RequestInit, expected: number): Promise<void> {
  const answer = await fetch(registry.url + path, init);
  await answer.arrayBuffer();
  if (answer.status !== expected) throw new Error(`${path} was answered with ${answer.status}`);
}

async function publishCrate(name: string, version: string): Promise<void> {
  const metadata = JSON.stringify({ name, vers: version });
  const body = new Uint8Array(publishBody(metadata, crateArchive({ name, version, files: source })));
  await send('/cargo/api/v1/crates/new', { method: 'PUT', headers: { authorization: token }, body }, 200);
}

async function publishPackage(name: string, version: string): Promise<void> {
  const manifest = { name, version };
  const files = { 'package.json': JSON.stringify(manifest), ...source };
  const entries = Object.entries(files).map(([path, content]) => file(`package/${path}`, content));
  const body = JSON.stringify(npmDocument(manifest, gzipSync(tar(...entries))));
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  await send(`/${name}`, { method: 'PUT', headers, body }, 201);
}

/** 64 KiB that do not compress: about what a small library has. */
const source = { 'src/data.txt': noise(32 * 1024) };

function noise(bytes: number): string {
  let text = '';
  for (let i = 0; text.length < bytes * 2; i++) text += createHash('sha256').update(`${i}`).digest('hex');
  return text;
}

for (let patch = 0; patch < versions; patch++) {
  await publishCrate('read-me', `1.0.${patch}`);
  await publishPackage('read-me', `1.0.${patch}`);
}

const abbreviated = { accept: 'application/vnd.npm.install-v1+json' };
const reads: readonly Work[] = [
  {
    name: `npm: GET packument of ${versions} versions`,
    once: () => send('/read-me', { headers: abbreviated }, 200),
  },
  {
    name: `cargo: GET index file of ${versions} versions`,
    once: () => send('/cargo/index/re/ad/read-me', {}, 200),
  },
  {
    name: 'cargo: GET index file that is not there',
    once: () => send('/cargo/index/no/th/nothing', {}, 404),
  },
];
const publishes: readonly Work[] = [
  { name: 'npm: PUT', once: () => publishPackage(`package-${made++}`, '1.0.0') },
  { name: 'cargo: PUT', once: () => publishCrate(`crate-${made++}`, '1.0.0') },
];

await compare('Reading, eight at a time', reads, readsInRound);
await compare('Publishing new packages of 64 kB, eight at a time', publishes, publishesInRound);

async function compare(title: string, works: readonly Work[], count: number): Promise<void> {
  for (const work of works) await perSecond(work, count);
  const rates = works.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, work] of works.entries()) rates[index]?.push(await perSecond(work, count));
  }
  console.log(`\n${title}`);
  for (const [index, { name }] of works.entries()) {
    const own = rates[index] ?? [];
    const ratio = median(own.map((rate, round) => rate / (rates[0]?.[round] ?? Number.NaN)));
    console.log(`${name.padEnd(44)} ${median(own).toFixed(0).padStart(6)} /s  ${ratio.toFixed(2)} x`);
  }
}

async function perSecond({ once }: Work, count: number): Promise<number> {
  const begun = performance.now();
  let left = count;
  const workers = Array.from({ length: atOnce }, async () => {
    while (left-- > 0) await once(left);
  });
  await Promise.all(workers);
  return (count * 1_000) / (performance.now() - begun);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

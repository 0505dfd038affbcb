/**
 * `pub-registry` under load, beside Verdaccio 6 and beside servers that only send the same bytes. All in one run, in
 * turns. See README.md.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { signUp } from '../test/support/accounts.ts';
import { type RunningServer, startRegistry, startVerdaccio } from '../test/support/servers.ts';
import { type Captured, capture, startBareServer } from './captured.ts';
import { type LoadResult, runReads } from './load.ts';
import { measureFirstAnswer, measureUploadMemory, processorSeconds } from './process-costs.ts';
import { npmPublish, type Publisher, pubUpload, releaseOf, runPublishes } from './publishes.ts';
import { startBare } from './start-bare.ts';

const rounds = 3;
/** Before those, of reads: V8 goes on compiling for some hundred thousand requests (measured). */
const readWarmUps = 3;
/** Milliseconds of load for each figure of a round. */
const duration = 700;

type Headers = Readonly<Record<string, string>>;

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const rate = (value: number) => (Number.isNaN(value) ? '–' : Math.round(value).toLocaleString('en'));
const ratio = (a: number, b: number) => (Number.isNaN(a / b) ? '–' : `${(a / b).toFixed(2)} x`);

function printRows(title: string, rows: readonly (readonly string[])[]): void {
  console.log(`\n## ${title}\n`);
  const [head = [], ...rest] = rows;
  for (const row of [head, head.map(() => '-'), ...rest]) console.log(`| ${row.join(' | ')} |`);
}

/** A server of this run; a registry has an account in it. */
interface Contender {
  readonly url: string;
  readonly pid: number;
  readonly token?: string;
}

async function publisherOn(server: RunningServer): Promise<Publisher & Contender> {
  const { token } = await signUp(server.url, 'bench');
  return { url: server.url, pid: server.process.pid ?? 0, token };
}

/** How much was done in a second, and in a second of the server's processor time. */
interface Speed {
  readonly perSecond: number;
  readonly perProcessorSecond: number;
}

async function speedOf({ pid }: Contender, work: () => Promise<LoadResult>): Promise<Speed> {
  const before = processorSeconds(pid);
  const { requests, perSecond } = await work();
  return { perSecond, perProcessorSecond: requests / (processorSeconds(pid) - before) };
}

function medianSpeed(speeds: readonly Speed[]): Speed {
  const all = (key: keyof Speed) => median(speeds.map((speed) => speed[key]));
  return { perSecond: all('perSecond'), perProcessorSecond: all('perProcessorSecond') };
}

const speed = ({ perSecond }: Speed) => rate(perSecond);

/** By the clock, and by processor time, which other work on the machine disturbs less. */
const compare = (a: Speed, b: Speed) =>
  `${ratio(a.perSecond, b.perSecond)} (${ratio(a.perProcessorSecond, b.perProcessorSecond)})`;

await using registry = await startRegistry();
await using verdaccio = await startVerdaccio({ signedTokens: true });
const ours = await publisherOn(registry);
const theirs = await publisherOn(verdaccio);

/** `count` publishes of 3 kB, each as `nameOf` and `versionOf` say. */
function publishesOf(
  to: Publisher,
  send: typeof npmPublish,
  count: number,
  idOf: (i: number) => readonly [name: string, version: string],
): Buffer[] {
  return Array.from({ length: count }, (_, i) => send(to, releaseOf(...idOf(i), 3_000)));
}

const folder = mkdtempSync(join(tmpdir(), 'pub-bench-'));
await using keeper = await startBare('bare-publish-server.ts', [folder], folder);

async function measureWriters(writers: number, count: number): Promise<string[]> {
  const bare = { ...keeper, token: '' };
  const run = (to: Publisher & Contender, send: typeof npmPublish, name: string) =>
    speedOf(to, () =>
      runPublishes(
        to.url,
        publishesOf(to, send, count, (i) => [`${name}-${writers}-${i}`, '1.0.0']),
        writers,
      ),
    );
  const speeds: Speed[][] = [[], [], [], []];
  for (let round = 0; round <= rounds; round++) {
    const measured = [
      await run(ours, npmPublish, `npm-${round}`),
      await run(ours, pubUpload, `pub-${round}`),
      await run(theirs, npmPublish, `npm-${round}`),
      await run(bare, npmPublish, `npm-${round}`),
    ];
    // The first round warms up.
    if (round > 0) for (const [i, one] of measured.entries()) speeds[i]?.push(one);
  }
  const medians = speeds.map(medianSpeed) as [Speed, Speed, Speed, Speed];
  const [own, upload, other] = medians;
  const title = `${writers} ${writers === 1 ? 'writer' : 'writers'}, new packages`;
  return [title, ...medians.map(speed), compare(own, other), compare(upload, other)];
}

/** To one package: 16 writers at once, then one after the other up to 1,000 versions. */
async function measureOnePackage(): Promise<string[][]> {
  const send = (to: Publisher & Contender, from: number, count: number, writers: number) =>
    speedOf(to, () => {
      const requests = publishesOf(to, npmPublish, count, (i) => ['versions-1000', `1.0.${from + i}`]);
      return runPublishes(to.url, requests, writers);
    });
  const rows: string[][] = [];
  for (const [title, from, count, writers] of [
    ['16 writers, one package', 0, 160, 16],
    ['its versions 161–960, 1 writer', 160, 800, 1],
    ['its versions 961–1,000, 1 writer', 960, 40, 1],
  ] as const) {
    const [own, other] = [await send(ours, from, count, writers), await send(theirs, from, count, writers)];
    rows.push([title, speed(own), '', speed(other), '', compare(own, other), '']);
  }
  return rows;
}

printRows('Publishes acknowledged a second', [
  [
    '',
    'pub-registry, npm’s PUT',
    'pub’s upload',
    'Verdaccio',
    'a row each',
    'to Verdaccio',
    'upload to Verdaccio',
  ],
  await measureWriters(1, 150),
  await measureWriters(8, 500),
  ...(await measureOnePackage()),
]);

const abbreviated = 'application/vnd.npm.install-v1+json';

interface Read {
  readonly title: string;
  readonly path: string;
  readonly headers: Headers;
  /** Asks with the ETag of the answer: 304. */
  readonly known?: boolean;
  readonly authorized?: boolean;
}

function readsOf(versions: number): Read[] {
  const path = `/versions-${versions}`;
  const gzip = { accept: abbreviated, 'accept-encoding': 'gzip' };
  return [
    { title: `packument, ${versions} versions: full`, path, headers: {} },
    { title: 'abbreviated', path, headers: { accept: abbreviated } },
    { title: 'abbreviated, gzip', path, headers: gzip },
    { title: '304', path, headers: gzip, known: true },
  ];
}

async function measureRead(read: Read, bare: readonly Contender[], at: string): Promise<string[]> {
  const run = async (to: Contender, path: string) => {
    const token = read.authorized && to.token ? { authorization: `Bearer ${to.token}` } : {};
    const headers = { ...read.headers, ...token };
    const etag = read.known ? (await capture(to.url + path, headers)).headers['etag'] : undefined;
    const condition = etag === undefined ? {} : { 'if-none-match': etag };
    const expectedStatus = read.known ? 304 : 200;
    return await speedOf(to, () =>
      runReads(to.url + path, { ...headers, ...condition }, { duration, expectedStatus }),
    );
  };
  const contenders = [
    () => run(ours, read.path),
    () => run(theirs, read.path),
    ...bare.map((server) => () => run(server, at)),
  ];
  const speeds = contenders.map((): Speed[] => []);
  for (let round = 0; round < readWarmUps + rounds; round++)
    for (const [i, contender] of contenders.entries()) {
      const measured = await contender();
      if (round >= readWarmUps) speeds[i]?.push(measured);
    }
  const medians = speeds.map(medianSpeed);
  const [own, ...others] = medians as [Speed, ...Speed[]];
  return [read.title, ...medians.map(speed), ...others.map((other) => compare(own, other))];
}

/** Resolves when the server has said nothing for two seconds: it tells of each mail. At most ten minutes. */
async function quietOnce(server: RunningServer): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const said = server.log().length;
    await sleep(2_000);
    if (server.log().length === said) return;
  }
}

async function measureReads(): Promise<string[][]> {
  for (const to of [ours, theirs]) {
    for (const versions of [10, 100])
      await runPublishes(
        to.url,
        publishesOf(to, npmPublish, versions, (i) => [`versions-${versions}`, `1.0.${i}`]),
        1,
      );
    const archives = [releaseOf('small', '1.0.0', 13_000), releaseOf('large', '1.0.0', 4_000_000)];
    await runPublishes(
      to.url,
      archives.map((release) => npmPublish(to, release)),
      1,
    );
  }
  // The mails about all those publishes go out beside them; what is left of that is no part of reading.
  await quietOnce(registry);
  const reads: Read[] = [
    ...[10, 100, 1_000].flatMap(readsOf),
    { title: 'archive of 13 kB', path: '/small/-/small-1.0.0.tgz', headers: {} },
    { title: 'archive of 4 MB', path: '/large/-/large-1.0.0.tgz', headers: {} },
    { title: 'whoami', path: '/-/whoami', headers: {}, authorized: true },
  ];
  const answers = new Map<string, Captured>();
  for (const [i, { path, headers, authorized }] of reads.entries()) {
    const token = authorized ? { authorization: `Bearer ${ours.token}` } : {};
    answers.set(`/read-${i}`, await capture(ours.url + path, { ...headers, ...token }));
  }
  await using node = await startBareServer('node:http', answers);
  await using fastify = await startBareServer('fastify', answers);
  const rows: string[][] = [];
  for (const [i, read] of reads.entries()) rows.push(await measureRead(read, [node, fastify], `/read-${i}`));
  return rows;
}

printRows('Reads a second, 16 connections', [
  ['', 'pub-registry', 'Verdaccio', 'node:http', 'fastify', 'to Verdaccio', 'to node:http', 'to fastify'],
  ...(await measureReads()),
]);

const memory = [];
for (const kind of ['npm', 'pub'] as const) {
  const { idle, first, later } = await measureUploadMemory(kind);
  memory.push([kind, ...[idle, first, later].map((value) => `${value.toFixed(0)} MB`)]);
}
printRows('Memory while an archive of 32 MB streams in', [
  ['over', 'before', 'the first adds', 'a later one adds'],
  ...memory,
]);

const starts = { ours: [] as number[], theirs: [] as number[] };
for (let round = 0; round < 5; round++) {
  starts.ours.push(await measureFirstAnswer(() => startRegistry()));
  starts.theirs.push(await measureFirstAnswer(() => startVerdaccio({ signedTokens: true })));
}
printRows('First answer after the start', [
  ['', 'pub-registry', 'Verdaccio'],
  ['milliseconds, median of 5', rate(median(starts.ours)), rate(median(starts.theirs))],
]);

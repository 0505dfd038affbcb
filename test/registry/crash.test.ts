import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { signUp } from '../support/accounts.ts';
import { npmArchive, sha256 } from '../support/archives.ts';
import { freshHome } from '../support/fresh-home.ts';
import { builtRegistry, pinnedNode } from '../support/places.ts';
import { expectSuccess, run } from '../support/processes.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

const kills = process.env['CI'] ? 100 : 10;
const publishers = 4;

interface Release {
  readonly name: string;
  readonly version: string;
  readonly archive: Buffer;
}

/** A registry that is killed and started again on the same data, while others go on using it. */
class KilledRegistry {
  readonly startTimes: number[] = [];
  readonly #data: string;
  #server: RunningServer | undefined;
  #up = Promise.withResolvers<string>();

  constructor(data: string) {
    this.#data = data;
  }

  /** The address, once the registry runs. */
  url(): Promise<string> {
    return this.#up.promise;
  }

  async start(): Promise<void> {
    const begun = performance.now();
    this.#server = await startRegistry({ data: this.#data, timeout: 15_000 });
    this.startTimes.push(performance.now() - begun);
    this.#up.resolve(this.#server.url);
  }

  async kill(): Promise<void> {
    this.#up = Promise.withResolvers<string>();
    await this.#server?.kill9();
    await this.#server?.stop();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

/** What the publishers saw. */
class Witness {
  readonly acknowledged: Release[] = [];
  interrupted = 0;
  finished = false;
  #next = Promise.withResolvers<void>();

  acknowledge(release: Release): void {
    this.acknowledged.push(release);
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /** Resolves with the next publish that is acknowledged. */
  next(): Promise<void> {
    return this.#next.promise;
  }
}

/** `undefined` when there was no whole answer. */
async function upload(url: string, token: string, release: Release): Promise<Response | undefined> {
  try {
    const answer = await fetch(`${url}/-/pub/v1/releases/npm/${release.name}/${release.version}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/octet-stream',
        'content-digest': `sha-256=:${sha256(release.archive, 'base64')}:`,
      },
      body: release.archive,
    });
    const body = await answer.text();
    return new Response(body, { status: answer.status });
  } catch {
    return undefined;
  }
}

/** Repeats the same upload, at once after each interruption, and takes no refusal. */
async function publish(registry: KilledRegistry, token: string, release: Release): Promise<number> {
  for (let interruptions = 0; interruptions < 50; interruptions++) {
    const answer = await upload(await registry.url(), token, release);
    if (answer === undefined) continue;
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${release.name}@${release.version}: ${answer.status} ${text}`);
    expect(JSON.parse(text)).toMatchObject({ state: 'published', sha256: sha256(release.archive) });
    return interruptions;
  }
  throw new Error(`${release.name}@${release.version} was interrupted too often`);
}

async function keepPublishing(
  registry: KilledRegistry,
  token: string,
  witness: Witness,
  name: string,
): Promise<void> {
  for (let patch = 0; !witness.finished; patch++) {
    const version = `1.0.${patch}`;
    const content = randomBytes(1000 + (patch % 7) * 30_000);
    const release = { name, version, archive: npmArchive({ name, version }, { data: content }) };
    witness.interrupted += await publish(registry, token, release);
    witness.acknowledge(release);
  }
}

async function expectIntact(url: string, { name, version, archive }: Release): Promise<void> {
  const packument = (await (await fetch(`${url}/${name}`)).json()) as {
    versions: Record<string, { dist: { tarball: string } }>;
  };
  const tarball = packument.versions[version]?.dist.tarball;
  expect(tarball, `${name}@${version} was acknowledged and is not in the packument`).toBeDefined();
  const bytes = Buffer.from(await (await fetch(tarball as string)).arrayBuffer());
  expect(sha256(bytes), `${name}@${version}`).toBe(sha256(archive));
}

test('every acknowledged publish survives SIGKILL, and every other can be repeated at once', {
  timeout: 400_000,
}, async () => {
  const data = await mkdtemp(join(tmpdir(), 'pub-crash-'));
  const registry = new KilledRegistry(data);
  const witness = new Witness();
  try {
    await registry.start();
    const tokens = await Promise.all(
      Array.from(
        { length: publishers },
        async (_, i) => (await signUp(await registry.url(), `user${i}`)).token,
      ),
    );
    const working = Promise.all(
      tokens.map((token, i) => keepPublishing(registry, token, witness, `crash-${i}`)),
    );
    // A refusal ends the run at once instead of after all kills.
    const refusal = working.then(
      () => undefined,
      (error: unknown) => error,
    );
    for (let round = 0; round < kills; round++) {
      // Every second round gets as far as a whole publish, however slow the machine is.
      if (round % 2 === 0) await Promise.race([refusal, witness.next()]);
      // Another moment of the publish each time: 7 and the range have no common factor.
      const failed = await Promise.race([refusal, sleep(40 + ((round * 7) % 150))]);
      if (failed !== undefined) break;
      await registry.kill();
      await registry.start();
    }
    witness.finished = true;
    await working;
    const url = await registry.url();
    for (const release of witness.acknowledged) await expectIntact(url, release);
    await registry.stop();
    await using home = await freshHome();
    const audit = [builtRegistry, 'audit', 'verify', '--data', data];
    expectSuccess(await run(pinnedNode, audit, { env: home.env }));
    expect(witness.acknowledged.length).toBeGreaterThan(kills / 2);
    expect(witness.interrupted).toBeGreaterThan(0);
    report(witness, registry.startTimes.slice(1));
  } finally {
    witness.finished = true;
    await registry.kill();
    await rm(data, { recursive: true, force: true });
  }
});

function report(witness: Witness, startTimes: readonly number[]): void {
  const sorted = startTimes.map(Math.round).sort((a, b) => a - b);
  process.stdout.write(
    `${kills} kills: ${witness.acknowledged.length} acknowledged, ${witness.interrupted} interrupted and repeated; ` +
      `start after a kill: median ${sorted[sorted.length >> 1]} ms, longest ${sorted.at(-1)} ms\n`,
  );
}

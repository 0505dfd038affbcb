import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { foldersOf, pinsFile } from '../src/upstream/kept-files.ts';
import { keptPins } from '../src/upstream/pins.ts';
import { startScriptedUpstream, through } from './support/scripted-upstream.ts';
import { createTestRegistry, place } from './support/test-registry.ts';

/** A version that was seen once is what it was, whatever upstream says later. */

const minutes = 60_000;
const archive = '/left/-/left-1.0.0.tgz';
const full = { headers: { accept: 'application/json' } };
const abbreviated = { headers: { accept: 'application/vnd.npm.install-v1+json' } };
const evil = { files: { 'evil.js': 'x' } };

async function proxy() {
  const upstream = await startScriptedUpstream();
  const registry = await createTestRegistry({ settings: { upstreams: through(upstream) } });
  const later = () => registry.clock.advance(5 * minutes);
  return { upstream, registry, later };
}

const integrityOf = (bytes: Buffer) => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

describe('a version that was seen in one form', () => {
  test.each([
    ['abbreviated', abbreviated, full],
    ['full', full, abbreviated],
  ])('the %s one is the same archive in the other', async (_form, first, second) => {
    const { upstream, registry, later } = await proxy();
    const good = upstream.publish();
    await registry.anonymous.get('/left', first);
    upstream.publish(evil);
    for (const form of [second, first]) {
      const { body } = await registry.anonymous.get('/left', form);
      expect(body.versions['1.0.0'].dist.integrity).toBe(integrityOf(good));
      expect((await registry.anonymous.get(archive)).status).toBe(403);
      later();
    }
    await registry.services.background.settled();
    const lines = registry.log.filter((line) => line.includes('another archive than before'));
    expect(lines).toEqual([expect.stringContaining('left: versions said to be')]);
  });

  test('is the same archive for whoever asks for both forms at once', async () => {
    const { upstream, registry } = await proxy();
    upstream.publish();
    const one = JSON.stringify(packumentWith('one'));
    const other = JSON.stringify(packumentWith('other'));
    upstream.on('/left', {
      by: (request, response) => {
        response.end(request.headers.accept?.includes('install') ? one : other);
      },
    });
    const answers = await Promise.all(
      [full, abbreviated].map((form) => registry.anonymous.get('/left', form)),
    );
    const digests = answers.map(({ body }) => body.versions['1.0.0'].dist.integrity);
    expect(new Set(digests).size).toBe(1);
  });

  const packumentWith = (content: string) => ({
    name: 'left',
    versions: {
      '1.0.0': {
        name: 'left',
        version: '1.0.0',
        dist: { integrity: integrityOf(Buffer.from(content)), tarball: 'http://127.0.0.1/left.tgz' },
      },
    },
  });
});

describe('a version that is gone for a while', () => {
  test.each([
    ['the version is not among them', { body: '{"name":"left","versions":{},"dist-tags":{}}' }],
    ['there is no such package', { status: 404 }],
    ['the package is refused', { status: 451 }],
  ])('because upstream said that %s, comes back as the same archive', async (_what, said) => {
    const { upstream, registry, later } = await proxy();
    const good = upstream.publish();
    for (const form of [full, abbreviated]) await registry.anonymous.get('/left', form);
    upstream.on('/left', said);
    later();
    for (const form of [full, abbreviated]) {
      const { body } = await registry.anonymous.get('/left', form);
      expect(Object.keys(body.versions ?? {})).toEqual([]);
    }
    upstream.publish(evil);
    later();
    for (const form of [full, abbreviated]) {
      const { body } = await registry.anonymous.get('/left', form);
      expect(body.versions['1.0.0'].dist.integrity).toBe(integrityOf(good));
    }
    expect(await registry.anonymous.get(archive)).toMatchObject({ status: 403, code: 'upstream_refused' });
    upstream.on(archive, { body: good });
    expect((await registry.anonymous.get(archive)).bytes).toEqual(good);
  });

  test('because its documents made room, comes back as the same archive', async () => {
    const { upstream, registry } = await proxy();
    const good = upstream.publish();
    await registry.anonymous.get('/left');
    const { documents } = foldersOf(join(registry.data, 'upstream'));
    for (const name of readdirSync(documents)) rmSync(join(documents, name));
    upstream.publish(evil);
    const { body } = await registry.anonymous.get('/left');
    expect(body.versions['1.0.0'].dist.integrity).toBe(integrityOf(good));
  });
});

describe('the pins of a package', () => {
  const [one, other, third] = ['one', 'other', 'third'].map((text) =>
    createHash('sha512').update(text).digest('base64'),
  ) as [string, string, string];

  function newFolder(): string {
    const folder = mkdtempSync(join(place, 'pub-pins-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }
  const none = () => {};

  test('are the first that were added, for several who add at the same time', async () => {
    const folder = newFolder();
    const keepers = Array.from({ length: 8 }, () => keptPins(folder, none));
    const added = await Promise.all(
      keepers.map((keeper, index) => keeper.add('left', new Map([['1.0.0', index % 2 ? one : other]]))),
    );
    const read = await keptPins(folder, none).read('left');
    for (const pins of added) expect(pins).toEqual(read);
    expect(await keptPins(folder, none).read('right')).toEqual(new Map());
  });

  test('survive a line that broke off, and are not written again', async () => {
    const folder = newFolder();
    const pins = keptPins(folder, none);
    await pins.add(
      'left',
      new Map([
        ['1.0.0', one],
        ['2.0.0', other],
      ]),
    );
    const path = pinsFile(folder, 'left');
    truncateSync(path, readFileSync(path).byteLength - 10);
    const repaired = await pins.add(
      'left',
      new Map([
        ['1.0.0', third],
        ['3.0.0', third],
      ]),
    );
    expect(repaired).toEqual(
      new Map([
        ['1.0.0', one],
        ['3.0.0', third],
      ]),
    );
    const before = readFileSync(path);
    await pins.add('left', new Map([['1.0.0', third]]));
    expect(readFileSync(path)).toEqual(before);
    appendFileSync(path, `3.0.0 ${one}\n`);
    expect((await pins.read('left')).get('3.0.0')).toBe(third);
  });

  test('are bounded: a version beyond that is left out', async () => {
    const { upstream, registry } = await proxy();
    const { pins } = registry.services.upstreamCache;
    const many = Array.from({ length: 50_000 }, (_, index) => [`0.0.${index}`, one] as const);
    await pins.add(`npm ${upstream.url} left`, new Map(many));
    upstream.publish();
    expect((await registry.anonymous.get('/left')).body).toMatchObject({ versions: {}, 'dist-tags': {} });
    await registry.services.background.settled();
    expect(registry.log.join('\n')).toContain('left out for want of a checkable archive: 1.0.0');
  });
});

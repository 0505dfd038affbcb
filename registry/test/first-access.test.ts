import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { foldersIn } from '../src/wiring.ts';
import { cargoPublish, crateArchive } from './support/crates.ts';
import { contentDigest, publish } from './support/publishing.ts';
import { rejectStaged, staged } from './support/staging.ts';
import { createTestRegistry } from './support/test-registry.ts';

const tool = '/@acme%2ftool';

test('a package of which everything was rejected takes its access from the next release', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await rejectStaged(alice, await staged(alice));
  expect((await publish(alice, { version: '1.0.1' }, { access: 'restricted' })).status).toBe(201);
  expect((await registry.anonymous.get(tool)).status).toBe(404);
  expect((await alice.get(tool)).status).toBe(200);
});

test('a restricted release of a public package is refused, and shown to nobody', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  await publish(alice);
  const refused = await publish(alice, { version: '1.0.1' }, { access: 'restricted' });
  expect([refused.status, refused.body.code]).toEqual([409, 'conflict']);
  expect(refused.body.error).toContain('npm access set status=private @acme/tool');
  expect(Object.keys((await registry.anonymous.get(tool)).body.versions)).toEqual(['1.0.0']);
  expect((await publish(alice, { version: '1.0.1' }, { access: 'public' })).status).toBe(201);
});

test('a large archive whose name clashes is refused before it is on the disk', async () => {
  const registry = await createTestRegistry();
  const [alice, mallory] = [await registry.signUp('alice'), await registry.signUp('mallory')];
  await cargoPublish(alice, { name: 'foo_bar' });
  const archive = crateArchive({
    name: 'foo-bar',
    files: { 'x.bin': randomBytes(200_000).toString('base64') },
  });
  const headers = {
    'content-type': 'application/octet-stream',
    'content-digest': contentDigest(archive),
  };
  const answer = await mallory.put('/-/pub/v1/releases/cargo/foo-bar/1.0.0', archive, { headers });
  expect(answer.status).toBe(400);
  const files = readdirSync(foldersIn(registry.data).blobs, { recursive: true, withFileTypes: true });
  expect(files.filter((entry) => entry.isFile())).toEqual([]);
});

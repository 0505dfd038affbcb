import { expect, test } from 'vitest';
import { file, gzip, tar } from './support/archives.ts';
import { contentDigest, publish } from './support/publishing.ts';
import { createTestRegistry } from './support/test-registry.ts';

/** A small archive can make its index say much, and everybody reads that. */

function upload(client: Awaited<ReturnType<typeof signedUp>>['alice'], version: string, archive: Buffer) {
  const headers = {
    'content-type': 'application/octet-stream',
    'content-digest': contentDigest(archive),
  };
  return client.put(`/-/pub/v1/releases/npm/tool/${version}`, archive, { headers });
}

async function signedUp() {
  const registry = await createTestRegistry();
  return { registry, alice: await registry.signUp('alice') };
}

const manifest = (more: object) => JSON.stringify({ name: 'tool', version: '1.0.0', ...more });

test('a folder of commands that would fill the index is refused', async () => {
  const { registry, alice } = await signedUp();
  const commands = Array.from({ length: 1_001 }, (_, i) => file(`package/bin/${i}`, ''));
  const content = file('package/package.json', manifest({ directories: { bin: 'bin' } }));
  const answer = await upload(alice, '1.0.0', gzip(tar(content, ...commands)));
  expect([answer.status, answer.body.code]).toEqual([400, 'bad_archive']);
  expect(answer.body.error).toContain('more than 1000 files in directories.bin');
  expect(registry.sql('select * from packages')).toEqual([]);
});

test('a manifest that grows beyond a megabyte in the index is refused, and takes no version', async () => {
  const { registry, alice } = await signedUp();
  const folder = 'd'.repeat(200);
  const commands = Array.from({ length: 1_000 }, (_, i) => file(`package/${'b'.repeat(70)}/${i}`, ''));
  const keywords = Array.from({ length: 4_900 }, (_, i) => `${folder}${i}`);
  const content = file('package/package.json', manifest({ directories: { bin: 'b'.repeat(70) }, keywords }));
  const answer = await upload(alice, '1.0.0', gzip(tar(content, ...commands)));
  expect([answer.status, answer.body.code]).toEqual([400, 'bad_archive']);
  expect(answer.body.error).toContain('bytes in the index, and at most 1048576');
  expect([registry.sql('select * from packages'), registry.sql('select * from blobs')]).toEqual([[], []]);
});

test('a package whose index would be too large takes no more versions, and loses none', async () => {
  const { registry, alice } = await signedUp();
  await publish(alice);
  const [{ entry, index_size } = {}] = registry.sql(
    'select length(entry) as entry, index_size from releases join packages on package_id = packages.id',
  );
  expect(index_size).toBe(entry);
  registry.sql(`update packages set index_size = 32 * 1024 * 1024`);
  const refused = await publish(alice, { version: '1.0.1' });
  expect([refused.status, refused.body.code]).toEqual([409, 'conflict']);
  expect(refused.body.error).toContain('publish under another name');
  const { versions } = (await registry.anonymous.get('/@acme%2ftool')).body;
  expect(Object.keys(versions)).toEqual(['1.0.0']);
  expect(registry.sql('select sha256 from blobs')).toHaveLength(1);
});

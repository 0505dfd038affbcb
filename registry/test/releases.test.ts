import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { largestInMemory } from '../src/store/received-blob.ts';
import { foldersIn } from '../src/wiring.ts';
import { type Authenticator, step } from './support/authenticator.ts';
import type { Client } from './support/client.ts';
import { makeOwner } from './support/people.ts';
import {
  archiveOf,
  contentDigest,
  manifestOf,
  type NpmDocument,
  npmDocument,
  publish,
  type Release,
} from './support/publishing.ts';
import { beginUpload } from './support/slow-upload.ts';
import { address, createTestRegistry, type TestRegistry } from './support/test-registry.ts';

const tool = '/@acme%2ftool';

async function withAlice(): Promise<[TestRegistry, Client, Authenticator]> {
  const registry = await createTestRegistry();
  return [registry, ...(await registry.signUpWithFactor('alice'))];
}

/** Everything that a publish writes, but for the audit log. */
function stateOf(registry: TestRegistry): unknown {
  return ['packages', 'owners', 'scopes', 'releases', 'tags', 'totp_factors'].map((table) =>
    registry.sql(`select * from ${table}`),
  );
}

/** The digests of what is kept, and the names of what is left over. */
const blobsIn = (registry: TestRegistry) => [
  ...registry.sql('select sha256 from blobs').map(({ sha256 }) => sha256 as string),
  ...readdirSync(foldersIn(registry.data).blobs, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name),
];

describe.each(['npm', 'pub'] as const)('a publish over the protocol of %s', (via) => {
  const failures = {
    'the package cannot be made':
      "create trigger fail before insert on packages begin select raise(abort, 'no'); end",
    'the scope cannot be taken':
      "create trigger fail before insert on scopes begin select raise(abort, 'no'); end",
    'the owner cannot be written':
      "create trigger fail before insert on owners begin select raise(abort, 'no'); end",
    'the release cannot be written':
      "create trigger fail before insert on releases begin select raise(abort, 'no'); end",
    'the tag cannot be moved':
      "create trigger fail before insert on tags begin select raise(abort, 'no'); end",
    'the code cannot be used up':
      "create trigger fail before update on totp_factors begin select raise(abort, 'no'); end",
    'the audit log cannot be written':
      "create trigger fail before insert on audit_events when new.tag = 'release:published' begin select raise(abort, 'no'); end",
    'the package cannot be marked as changed':
      "create trigger fail before update on packages begin select raise(abort, 'no'); end",
  };

  test('that fails at any step leaves nothing behind, and can be repeated with the same code', async () => {
    const [registry, alice, app] = await withAlice();
    const otp = app.code();
    const [before, events] = [stateOf(registry), await registry.auditEvents()];
    for (const [step, trigger] of Object.entries(failures)) {
      registry.sql(trigger);
      const failed = await publish(alice, {}, { otp, via });
      expect([step, failed.status, failed.code]).toEqual([step, 500, 'internal_error']);
      expect([step, stateOf(registry)]).toEqual([step, before]);
      expect(await registry.auditEvents()).toEqual(events);
      expect((await registry.anonymous.get(tool)).status).toBe(404);
      expect((await registry.anonymous.get(`${tool}/-/tool-1.0.0.tgz`)).status).toBe(404);
      registry.sql('drop trigger fail');
    }
    expect((await publish(alice, {}, { otp, via })).status).toBe(201);
    expect((await registry.auditEvents()).slice(events.length)).toEqual([
      'scope:claimed alice scope:@acme',
      'package:created alice npm:@acme/tool',
      'release:published alice npm:@acme/tool@1.0.0',
    ]);
  });

  test('is answered by what it put there: the bytes, their digests, and the same for everybody', async () => {
    const [registry, alice, app] = await withAlice();
    const release = { files: { 'README.md': '# tool', 'index.js': 'export {}' } };
    const archive = archiveOf(release);
    const answer = await publish(alice, release, { otp: app.code(), via });
    const sha256 = createHash('sha256').update(archive).digest('hex');
    if (via === 'pub')
      expect(answer.body).toEqual({ name: '@acme/tool', version: '1.0.0', state: 'published', sha256 });
    const { body } = await registry.anonymous.get(tool);
    expect(body.versions['1.0.0'].dist).toEqual({
      integrity: `sha512-${createHash('sha512').update(archive).digest('base64')}`,
      shasum: createHash('sha1').update(archive).digest('hex'),
      tarball: `${address}/@acme/tool/-/tool-1.0.0.tgz`,
      fileCount: 3,
      unpackedSize: JSON.stringify(manifestOf(release)).length + '# tool'.length + 'export {}'.length,
      signatures: [{ keyid: expect.any(String), sig: expect.any(String) }],
    });
    expect(body.readme).toBe('# tool');
    for (const url of [`${tool}/-/tool-1.0.0.tgz`, '/@acme/tool/-/tool-1.0.0.tgz']) {
      const download = await registry.anonymous.get(url);
      expect(download.bytes.equals(archive)).toBe(true);
      expect(download.headers['content-length']).toBe(String(archive.byteLength));
    }
    expect(blobsIn(registry)).toEqual([sha256]);
  });

  test('repeated by the same account with the same bytes succeeds, changes nothing, and takes no code', async () => {
    const [registry, alice, app] = await withAlice();
    const otp = app.code();
    expect((await publish(alice, {}, { otp, via })).status).toBe(201);
    const [before, events] = [stateOf(registry), await registry.auditEvents()];
    registry.clock.advance(step);
    const again = await publish(alice, {}, { otp, via });
    expect(again.status).toBe(via === 'pub' ? 200 : 201);
    expect(again.headers['npm-notice']).toContain('nothing is changed, and no tag is moved');
    if (via === 'pub') expect((await publish(alice, {}, { via })).status).toBe(200);
    expect(stateOf(registry)).toEqual(before);
    expect(await registry.auditEvents()).toEqual(events);
  });

  test('of other bytes under the same version is refused, whoever sends them, and kept nowhere', async () => {
    const [registry, alice, app] = await withAlice();
    const [bob, bobsApp] = await registry.signUpWithFactor('bob');
    registry.clock.advance(step);
    await publish(alice, {}, { otp: app.code(), via });
    await makeOwner(alice, bob, { otp: app.nextCode(), acceptWith: bobsApp.nextCode() });
    const [before, blobs] = [stateOf(registry), blobsIn(registry)];
    const other = { files: { 'index.js': 'malice()' } };
    const answers = [
      await publish(alice, other, { otp: app.nextCode(), via }),
      await publish(bob, other, { otp: bobsApp.nextCode(), via }),
      await publish(bob, {}, { otp: bobsApp.nextCode(), via }),
    ];
    expect(answers.map(({ status, code }) => [status, code])).toEqual(Array(3).fill([409, 'version_exists']));
    expect(stateOf(registry)).toEqual(before);
    expect(blobsIn(registry)).toEqual(blobs);
    expect((await registry.auditEvents()).slice(-3)).toEqual([
      'release:refused alice npm:@acme/tool@1.0.0 version_exists',
      'release:refused bob npm:@acme/tool@1.0.0 version_exists',
      'release:refused bob npm:@acme/tool@1.0.0 version_exists',
    ]);
  });

  test('of different archives for one version at the same time: exactly one wins, at two servers too', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const there = alice.from({ app: (await registry.another()).app });
    const attempts = Array.from({ length: 6 }, (_, i) => ({ files: { 'index.js': `${i}` } }));
    const answers = await Promise.all(
      attempts.map((release, i) => publish(i % 2 ? alice : there, release, { via })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    const winner = attempts[answers.findIndex(({ status }) => status === 201)] ?? {};
    expect((await alice.get(`${tool}/-/tool-1.0.0.tgz`)).bytes.equals(archiveOf(winner))).toBe(true);
  });

  test('of a new package by two accounts at the same time: it belongs to one of them', async () => {
    const registry = await createTestRegistry();
    const clients = [await registry.signUp('alice'), await registry.signUp('bob')];
    const answers = await Promise.all(
      clients.map((client, i) => publish(client, { version: `1.0.${i}` }, { via })),
    );
    expect(answers.map(({ code }) => code ?? 'published').sort()).toEqual(['not_owner', 'published']);
    expect((await registry.anonymous.get(tool)).body.maintainers).toHaveLength(1);
  });

  test('of the same bytes by two owners at the same time belongs to one of them', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const bob = await registry.signUp('bob');
    await publish(alice);
    await makeOwner(alice, bob);
    const uploads = await Promise.all(
      [alice, bob].map((client) => beginUpload(client, { version: '1.0.1' }, { via })),
    );
    const answers = await Promise.all(uploads.map((upload) => upload.finish()));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  test('of different versions at the same time: all are there', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const versions = Array.from({ length: 8 }, (_, i) => `1.0.${i}`);
    const answers = await Promise.all(versions.map((version) => publish(alice, { version }, { via })));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
    expect(Object.keys((await alice.get(tool)).body.versions).sort()).toEqual(versions);
  });

  test('puts a large blob on disk before the row that names it', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const release = { files: { 'data.txt': randomBytes(largestInMemory).toString('hex') } };
    const archive = archiveOf(release);
    const sha256 = createHash('sha256').update(archive).digest('hex');
    const path = join(foldersIn(registry.data).blobs, 'sha256', sha256.slice(0, 2), sha256);
    let there: boolean | undefined;
    const { database } = registry.services;
    const write = database.write.bind(database);
    database.write = (work) =>
      write(async (transaction) => {
        const result = await work(transaction);
        const row = await transaction.selectFrom('releases').select('id').executeTakeFirst();
        if (row !== undefined) there ??= existsSync(path);
        return result;
      });
    expect((await publish(alice, release, { via, archive })).status).toBe(201);
    expect(there).toBe(true);
  });

  test('of an archive that says something else inside is refused and logged, and the code stays usable', async () => {
    const [registry, alice, app] = await withAlice();
    const otp = app.code();
    const wrong: [Release['manifest'], string][] = [
      [{ name: '@acme/other' }, 'manifest_mismatch'],
      [{ version: '9.9.9' }, 'manifest_mismatch'],
      [{ private: true }, 'bad_archive'],
    ];
    for (const [manifest, code] of wrong) {
      const archive = archiveOf({ manifest: { ...manifest } });
      const answer = await publish(alice, {}, { otp, via, archive });
      expect([manifest, answer.status, answer.code]).toEqual([manifest, 400, code]);
      expect((await registry.anonymous.get(tool)).status).toBe(404);
      expect((await registry.auditEvents()).at(-1)).toBe(
        `release:refused alice npm:@acme/tool@1.0.0 ${code}`,
      );
      expect(blobsIn(registry)).toEqual([]);
    }
    expect((await publish(alice, {}, { otp, via })).status).toBe(201);
  });

  test('of a tampered archive is refused and logged', async () => {
    const [registry, alice, app] = await withAlice();
    const archive = archiveOf();
    archive[archive.length - 20] = (archive[archive.length - 20] ?? 0) ^ 1;
    expect((await publish(alice, {}, { otp: app.code(), via, archive })).code).toBe('bad_archive');
    expect((await registry.auditEvents()).at(-1)).toBe(
      'release:refused alice npm:@acme/tool@1.0.0 bad_archive',
    );
  });

  test('of something too large is refused', async () => {
    const registry = await createTestRegistry({ settings: { maximumArchiveBytes: 1_000 } });
    const alice = await registry.signUp('alice');
    const answer = await publish(alice, {}, { via, archive: Buffer.alloc(1_001) });
    expect([answer.status, answer.code]).toEqual([413, 'too_large']);
    expect(blobsIn(registry)).toEqual([]);
  });

  test('with a tag moves that tag, and the first one is latest as well', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice, {}, { via, tag: 'beta' });
    await publish(alice, { version: '1.0.1' }, { via, tag: 'beta' });
    expect((await alice.get(tool)).body['dist-tags']).toEqual({ beta: '1.0.1', latest: '1.0.0' });
    expect((await publish(alice, { version: '2.0.0' }, { via, tag: '1.x' })).code).toBe('bad_request');
    expect((await publish(alice, { version: '2.0.0' }, { via, tag: '^1' })).code).toBe('bad_request');
  });

  test('asks for access once: a later release does not open a restricted package', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    await publish(alice, {}, { via, access: 'restricted' });
    await publish(alice, { version: '1.0.1' }, { via, access: 'public' });
    expect((await registry.anonymous.get(tool)).status).toBe(404);
  });
});

describe("npm's document", () => {
  const bent: [string, (document: NpmDocument) => void, string][] = [
    [
      'the wrong integrity',
      (d) => {
        d.versions['1.0.0'].dist.integrity = `sha512-${'A'.repeat(86)}==`;
      },
      'digest_mismatch',
    ],
    [
      'the wrong shasum',
      (d) => {
        d.versions['1.0.0'].dist.shasum = '0'.repeat(40);
      },
      'digest_mismatch',
    ],
    [
      'other dependencies',
      (d) => {
        d.versions['1.0.0'].dependencies = { evil: '*' };
      },
      'manifest_mismatch',
    ],
    [
      'no dependencies',
      (d) => {
        delete d.versions['1.0.0'].dependencies;
      },
      'manifest_mismatch',
    ],
    [
      'another bin',
      (d) => {
        d.versions['1.0.0'].bin = { sh: 'evil.js' };
      },
      'manifest_mismatch',
    ],
    [
      'an install script',
      (d) => {
        d.versions['1.0.0'].scripts = { postinstall: 'evil' };
      },
      'manifest_mismatch',
    ],
    [
      'no install script',
      (d) => {
        delete d.versions['1.0.0'].scripts;
      },
      'manifest_mismatch',
    ],
    [
      'another name in the manifest',
      (d) => {
        d.versions['1.0.0'].name = 'other';
      },
      'manifest_mismatch',
    ],
    [
      'another version in the manifest',
      (d) => {
        d.versions['1.0.0'].version = '1.0.1';
      },
      'manifest_mismatch',
    ],
    [
      'another name on top',
      (d) => {
        d.name = '@acme/other';
      },
      'bad_request',
    ],
    [
      'two versions',
      (d) => {
        d.versions['2.0.0'] = d.versions['1.0.0'];
      },
      'bad_request',
    ],
    [
      'a tag of another version',
      (d) => {
        d['dist-tags'] = { latest: '2.0.0' };
      },
      'bad_request',
    ],
    [
      'two tags',
      (d) => {
        d['dist-tags'] = { latest: '1.0.0', next: '1.0.0' };
      },
      'bad_request',
    ],
    [
      'no tag',
      (d) => {
        delete d['dist-tags'];
      },
      'bad_request',
    ],
    [
      'an access there is not',
      (d) => {
        d.access = 'everybody';
      },
      'bad_request',
    ],
  ];

  const release = {
    manifest: {
      dependencies: { left: '^1.0.0' },
      bin: { tool: 'cli.js' },
      scripts: { install: 'node-gyp rebuild' },
    },
  };

  test('that disagrees with its archive, or with itself, is refused, and the code stays usable', async () => {
    const [registry, alice, app] = await withAlice();
    const otp = app.code();
    for (const [what, bend, code] of bent) {
      const document = npmDocument(manifestOf(release), archiveOf(release));
      bend(document);
      const answer = await alice.put(tool, document, { otp });
      expect([what, answer.status, answer.code]).toEqual([what, 400, code]);
      expect((await registry.anonymous.get(tool)).status).toBe(404);
      const refused = `release:refused alice npm:@acme/tool@1.0.0 ${code}`;
      if (code !== 'bad_request') expect((await registry.auditEvents()).at(-1)).toBe(refused);
      expect(blobsIn(registry)).toEqual([]);
    }
    expect((await publish(alice, release, { otp })).status).toBe(201);
  });

  test('decides nothing of what the index says', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const document = npmDocument(manifestOf(), archiveOf());
    const lies = {
      description: 'a lie',
      _npmUser: { name: 'bob' },
      maintainers: [{ name: 'bob' }],
      deprecated: 'a lie',
      hasInstallScript: true,
      license: 'a lie',
    };
    Object.assign(document.versions['1.0.0'], lies);
    Object.assign(document, {
      description: 'a lie',
      maintainers: [{ name: 'bob' }],
      readme: 'a lie',
      time: { created: 'a lie' },
      _rev: 'a lie',
    });
    expect((await alice.put(tool, document)).status).toBe(201);
    expect((await alice.get(tool)).text).not.toMatch(/a lie|bob|hasInstallScript/);
  });

  test('without a body, or with one of another kind, is refused', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    for (const body of [null, '', '[]', 'null', '{', '"x"', '{}', Buffer.from([0xff, 0xfe])]) {
      const answer = await alice.put(tool, body);
      expect([answer.status, answer.code]).toEqual([400, 'bad_request']);
    }
    const upload = await alice.put(`/-/pub/v1/releases/npm${tool}/1.0.0`, null, {
      headers: { 'content-digest': contentDigest(Buffer.alloc(0)) },
    });
    expect(upload.status).toBe(400);
  });
});

describe("pub's upload", () => {
  const url = `/-/pub/v1/releases/npm${tool}/1.0.0`;

  test.each([undefined, 'sha-256=abc', 'sha-512=:AAAA:', `sha-256=:${'A'.repeat(42)}:`, 'md5=:AAAA:'])(
    'with the digest header %j is refused before it is read',
    async (digest) => {
      const registry = await createTestRegistry();
      const alice = await registry.signUp('alice');
      const headers = digest === undefined ? {} : { 'content-digest': digest };
      expect((await alice.put(url, archiveOf(), { headers })).code).toBe('bad_request');
    },
  );

  test('of other bytes than declared is refused and logged', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const headers = { 'content-digest': contentDigest(Buffer.from('other')) };
    expect((await alice.put(url, archiveOf(), { headers })).code).toBe('digest_mismatch');
    expect((await registry.auditEvents()).at(-1)).toBe(
      'release:refused alice npm:@acme/tool@1.0.0 digest_mismatch',
    );
    expect(blobsIn(registry)).toEqual([]);
  });

  test.each(['v1.0.0', '1.0', '1.0.0+build', '01.0.0', 'latest', '1.0.0%0a'])(
    'of the version %s is refused',
    async (version) => {
      const registry = await createTestRegistry();
      const alice = await registry.signUp('alice');
      const answer = await alice.put(`/-/pub/v1/releases/npm${tool}/${version}`, archiveOf(), {
        headers: { 'content-digest': contentDigest(archiveOf()) },
      });
      expect(answer.code).toBe('bad_request');
    },
  );

  test('with a query given twice is refused', async () => {
    const registry = await createTestRegistry();
    const alice = await registry.signUp('alice');
    const headers = { 'content-digest': contentDigest(archiveOf()) };
    for (const query of ['tag=a&tag=b', 'access=public&access=restricted', 'access=nobody', 'tag='])
      expect((await alice.put(`${url}?${query}`, archiveOf(), { headers })).code).toBe('bad_request');
  });
});

test('of an ecosystem this registry does not know is refused before its body is read', async () => {
  const [, alice, app] = await withAlice();
  const archive = archiveOf();
  const headers = { 'content-type': 'application/octet-stream', 'content-digest': contentDigest(archive) };
  for (const ecosystem of ['gem', 'NPM', 'toString', '__proto__']) {
    const path = `/-/pub/v1/releases/${ecosystem}/tool/1.0.0`;
    const answer = await alice.put(path, archive, { otp: app.code(), headers });
    expect([ecosystem, answer.status, answer.code]).toEqual([ecosystem, 400, 'bad_request']);
  }
});

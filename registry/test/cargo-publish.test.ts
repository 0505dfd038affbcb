import { describe, expect, test } from 'vitest';
import {
  cargoPublish,
  crateArchive,
  details,
  indexLines,
  newCrate,
  publishBody,
  u32,
} from './support/crates.ts';
import { publish } from './support/publishing.ts';
import { createTestRegistry } from './support/test-registry.ts';
import { upload } from './support/upload-crate.ts';

async function withAlice() {
  const registry = await createTestRegistry();
  return { registry, alice: await registry.signUp('alice') };
}

test('a publish is answered in the shape cargo reads, logged, mailed, and in the index at once', async () => {
  const { registry, alice } = await withAlice();
  const answer = await cargoPublish(alice, { name: 'Foo_Lib' });
  expect(answer.status, answer.text).toBe(200);
  expect(answer.body).toEqual({
    warnings: {
      invalid_categories: [],
      invalid_badges: [],
      other: [expect.stringContaining('Foo_Lib has a single owner')],
    },
  });
  const [line] = await indexLines(registry.anonymous, 'fo/o_/foo_lib');
  expect(line).toEqual({
    name: 'Foo_Lib',
    vers: '1.0.0',
    deps: [],
    cksum: expect.stringMatching(/^[0-9a-f]{64}$/),
    features: {},
    yanked: false,
    pubtime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  });
  const events = await registry.auditEvents();
  expect(events).toContain('package:created alice cargo:Foo_Lib');
  expect(events).toContain('release:published alice cargo:Foo_Lib@1.0.0');
  const mails = registry.sql("select content from outbox where template = 'published'");
  expect(JSON.parse(mails[0].content)).toMatchObject({ package: 'cargo:Foo_Lib', version: '1.0.0' });
});

test('what a cargo before 1.60 cannot read stands in features2, with what needs it, and marks the line', async () => {
  const { registry, alice } = await withAlice();
  const manifest =
    '[dependencies]\na = { version = "1", optional = true }\n[features]\nold = []\nneeds = ["new"]\nnew = ["dep:a"]';
  await cargoPublish(alice, { manifest });
  const [line] = await indexLines(registry.anonymous, 'to/ol/tool');
  expect(line).toMatchObject({
    features: { old: [] },
    features2: { needs: ['new'], new: ['dep:a'] },
    v: 2,
  });
});

test('the same bytes again change nothing and say so; other bytes are refused, also over a yanked version', async () => {
  const { registry, alice } = await withAlice();
  await cargoPublish(alice);
  const again = await cargoPublish(alice);
  expect([again.status, again.body.warnings.other[0]]).toEqual([
    200,
    'tool 1.0.0 was published before, with exactly these bytes',
  ]);
  const other = { files: { 'src/lib.rs': '// other' } };
  for (const prepare of [
    async () => {},
    async () => void (await alice.delete('/cargo/api/v1/crates/tool/1.0.0/yank')),
  ]) {
    await prepare();
    const refused = await cargoPublish(alice, other);
    expect([refused.status, details(refused)]).toEqual([
      409,
      'version 1.0.0 of tool is already published, and a version is never replaced',
    ]);
  }
  expect(await indexLines(registry.anonymous, 'to/ol/tool')).toHaveLength(1);
  const bob = await registry.signUp('bob');
  expect((await cargoPublish(bob)).status).toBe(403);
});

describe('a name', () => {
  test('that is taken for another one is refused, and the one that is there is named', async () => {
    const { registry, alice } = await withAlice();
    await cargoPublish(alice, { name: 'Foo-Bar' });
    for (const name of ['foo_bar', 'foo-bar', 'FOO_BAR']) {
      const refused = await cargoPublish(alice, { name, version: '2.0.0' });
      expect([refused.status, details(refused)]).toEqual([
        400,
        `there is a crate Foo-Bar: ${name} would be taken for it`,
      ]);
    }
    expect(registry.sql("select name from packages where ecosystem = 'cargo'")).toHaveLength(1);
  });

  test('is taken once, also by two who publish at the same moment', async () => {
    const { registry, alice } = await withAlice();
    const answers = await Promise.all([
      cargoPublish(alice, { name: 'foo-bar' }),
      cargoPublish(alice, { name: 'foo_bar' }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect(registry.sql("select name from packages where ecosystem = 'cargo'")).toHaveLength(1);
  });

  test('is of its ecosystem: an npm package of that name is another package, with other owners', async () => {
    const { registry, alice } = await withAlice();
    const bob = await registry.signUp('bob');
    expect((await publish(bob, { name: 'tool' })).status).toBe(201);
    expect((await cargoPublish(alice)).status).toBe(200);
    expect((await cargoPublish(bob, { version: '1.0.1' })).status).toBe(403);
    expect((await publish(alice, { name: 'tool', version: '1.0.1' })).status).toBe(403);
    expect(await indexLines(registry.anonymous, 'to/ol/tool')).toHaveLength(1);
  });

  test.each([
    '',
    '1a',
    '_a',
    'a b',
    'a/b',
    '../a',
    'é',
    'a.b',
    'a'.repeat(65),
    'std',
    'Core',
    'proc-macro',
    'NUL',
    'com1',
  ])('such as %j is refused', async (name) => {
    const { registry, alice } = await withAlice();
    const refused = await cargoPublish(alice, { name });
    expect([refused.status, details(refused)]).toEqual([400, expect.stringMatching(/crate name/)]);
    expect(registry.sql('select * from packages')).toEqual([]);
  });
});

describe('a version', () => {
  test('may have build metadata, and is then the only one of its precedence', async () => {
    const { registry, alice } = await withAlice();
    expect((await cargoPublish(alice, { version: '1.0.0+build.1' })).status).toBe(200);
    for (const version of ['1.0.0', '1.0.0+build.2']) {
      const refused = await cargoPublish(alice, { version });
      expect([refused.status, details(refused)]).toEqual([409, expect.stringContaining('build metadata')]);
    }
    const archive = await registry.anonymous.get('/cargo/api/v1/crates/tool/1.0.0+build.1/download');
    expect(archive.bytes.equals(crateArchive({ version: '1.0.0+build.1' }))).toBe(true);
  });

  test('of one precedence is taken once, also by two at the same moment', async () => {
    const { registry, alice } = await withAlice();
    await cargoPublish(alice, { version: '0.1.0' });
    const answers = await Promise.all(
      ['1.0.0', '1.0.0+b'].map((version) => cargoPublish(alice, { version })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await indexLines(registry.anonymous, 'to/ol/tool')).toHaveLength(2);
  });

  test.each(['', '1', '1.0', 'v1.0.0', '01.0.0', '1.0.0-', '1.0.0 ', `1.0.0-${'a'.repeat(150)}`])(
    'such as %j is refused',
    async (version) => {
      const { alice } = await withAlice();
      const refused = await cargoPublish(alice, { version });
      expect([refused.status, details(refused)]).toEqual([
        400,
        expect.stringContaining('acceptable version'),
      ]);
    },
  );
});

describe('a body', () => {
  const json = JSON.stringify({ name: 'tool', vers: '1.0.0' });
  const archive = crateArchive();
  const good = publishBody(json, archive);

  test.each<[string, Buffer, number, string]>([
    ['that is empty', Buffer.alloc(0), 400, 'body'],
    ['that ends in its first length', good.subarray(0, 3), 400, 'shorter than it says'],
    ['that ends in its JSON', good.subarray(0, 10), 400, 'shorter than it says'],
    [
      'that ends before the length of the crate',
      good.subarray(0, 4 + json.length),
      400,
      'shorter than it says',
    ],
    ['that ends in the crate', good.subarray(0, -1), 400, 'shorter than it says'],
    ['that goes on after the crate', Buffer.concat([good, Buffer.alloc(1)]), 400, 'follows the crate'],
    ['with more JSON than a megabyte', u32(1024 * 1024 + 1), 413, '1 MiB'],
    [
      'with a crate larger than the limit',
      Buffer.concat([u32(json.length), Buffer.from(json), u32(0xffffffff)]),
      413,
      'limit',
    ],
    ['with JSON that is none', publishBody('{', archive), 400, 'not a JSON object'],
    ['with a list for JSON', publishBody('[]', archive), 400, 'not a JSON object'],
    [
      'with a key twice',
      publishBody('{"name":"tool","name":"tool2","vers":"1.0.0"}', archive),
      400,
      'not a JSON object',
    ],
    ['without a name', publishBody('{"vers":"1.0.0"}', archive), 400, 'crate name'],
    ['without a version', publishBody('{"name":"tool"}', archive), 400, 'version'],
    ['with an empty crate', publishBody(json, Buffer.alloc(0)), 400, 'gzip'],
  ])('%s is refused, and nothing of it is left', async (_what, body, status, problem) => {
    const { registry, alice } = await withAlice();
    const answer = await alice.put(newCrate, body);
    expect([answer.status, details(answer)]).toEqual([status, expect.stringContaining(problem)]);
    expect(answer.body.errors).toHaveLength(1);
    expect(registry.sql('select * from packages')).toEqual([]);
    expect(registry.sql('select * from releases')).toEqual([]);
  });

  test('may say that it is anything: cargo before 1.96 says nothing, later ones application/octet-stream', async () => {
    const { alice } = await withAlice();
    for (const [index, type] of ['application/octet-stream', 'application/json', 'text/plain'].entries()) {
      const answer = await cargoPublish(
        alice,
        { version: `1.0.${index}` },
        { headers: { 'content-type': type } },
      );
      expect([type, answer.status]).toEqual([type, 200]);
    }
  });
});

describe('a token', () => {
  test('is taken as it is, and behind the name of a scheme', async () => {
    const { alice } = await withAlice();
    for (const [index, authorization] of [
      alice.token,
      `Bearer ${alice.token}`,
      `bearer ${alice.token}`,
    ].entries()) {
      const answer = await cargoPublish(alice, { version: `1.0.${index}` }, { headers: { authorization } });
      expect(answer.status, answer.text).toBe(200);
    }
  });

  test('that is missing or no good is answered with where to get one', async () => {
    const { registry } = await withAlice();
    for (const token of ['', 'pub_nonsense', 'Basic YTpi']) {
      const answer = await registry.anonymous.put(newCrate, publishBody('{}', Buffer.alloc(0)), {
        headers: token === '' ? {} : { authorization: token },
      });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Cargo login_url="http://registry.example/cargo/me"');
      expect(answer.body.errors[0].detail).toMatch(/log/);
    }
  });
});

describe("pub's upload", () => {
  test('takes a crate as it is', async () => {
    const { registry, alice } = await withAlice();
    const answer = await upload(alice, { name: 'Tool_2', version: '1.0.0+b' });
    expect([answer.status, answer.body]).toEqual([
      201,
      { name: 'Tool_2', version: '1.0.0+b', state: 'published', sha256: expect.any(String) },
    ]);
    expect(await indexLines(registry.anonymous, 'to/ol/tool_2')).toHaveLength(1);
    expect((await upload(alice, { name: 'Tool_2', version: '1.0.0+b' })).status).toBe(200);
    const clash = await upload(alice, { name: 'tool-2' });
    expect([clash.status, clash.body.message]).toEqual([400, expect.stringContaining('Tool_2')]);
  });

  test('is told beforehand what would be refused', async () => {
    const { alice } = await withAlice();
    await cargoPublish(alice, { name: 'Foo-Bar', version: '1.0.0+a' });
    const release = { ecosystem: 'cargo', sha256: '0'.repeat(64), size: 1 };
    const { body } = await alice.post('/-/pub/v1/preflight', {
      releases: [
        { ...release, name: 'foo_bar', version: '2.0.0' },
        { ...release, name: 'Foo-Bar', version: '1.0.0' },
        { ...release, name: 'Foo-Bar', version: '1.0.0+a' },
        { ...release, name: 'new', version: '1.0.0' },
      ],
    });
    expect(
      body.releases.map(({ decision, code }: { decision: string; code?: string }) => code ?? decision),
    ).toEqual(['bad_request', 'version_exists', 'version_exists', 'accept']);
  });
});

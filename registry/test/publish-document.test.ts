import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { type PublishBodyOptions, readPublishDocument } from '../src/protocols/npm/publish-document.ts';
import { parseStrictJsonObject } from '../src/strict-json.ts';
import { createRandom, mutated } from './support/random.ts';

const bytes = randomBytes(10_000);
const archiveType = 'application/octet-stream';
const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';

const tarball = { content_type: archiveType, data: bytes.toString('base64'), length: bytes.length };
const bundle = { content_type: bundleType, data: '{"a":"\\u00e9\\n"}', length: 16 };
const manifest = { name: 'tool', version: '1.0.0', readme: '# "tool"\n\u2028é😀' };
const document = {
  _id: 'tool',
  name: 'tool',
  'dist-tags': { latest: '1.0.0' },
  versions: { '1.0.0': manifest },
  access: null,
};

async function* inPieces(text: string | Uint8Array, size = 777) {
  const all = Buffer.from(text as string);
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}

async function read(
  text: string | Uint8Array,
  size?: number,
  options: Partial<PublishBodyOptions<Buffer>> = {},
) {
  const discarded: Buffer[] = [];
  const receive = (content: AsyncIterable<Uint8Array>) => buffer(content);
  const discard = async (received: Buffer) => void discarded.push(received);
  try {
    return {
      ...(await readPublishDocument(inPieces(text, size), { receive, discard, ...options })),
      discarded,
    };
  } catch (error) {
    throw Object.assign(error as Error, { discarded });
  }
}

const publishBody = (attachments: object) => JSON.stringify({ ...document, _attachments: attachments });
const refused = { code: 'bad_request' };

describe('a publish as npm sends it', () => {
  test.each([1, 2, 3, 777, 1_000_000])('arrives in pieces of %d bytes', async (size) => {
    const found = await read(publishBody({ 'tool-1.0.0.tgz': tarball }), size);
    expect(found.document).toEqual(document);
    expect(found.tarball).toEqual({ name: 'tool-1.0.0.tgz', contentType: archiveType, received: bytes });
    expect([found.provenance, found.discarded]).toEqual([undefined, []]);
  });

  test('the type may come after the data, the attachments before the rest', async () => {
    const { length, data, content_type } = tarball;
    const found = await read(
      JSON.stringify({ _attachments: { 'a.tgz': { length, data, content_type } }, ...document }),
    );
    expect(found.tarball?.received).toEqual(bytes);
    expect(found.document).toEqual(document);
  });

  test.each([
    ['before', { 'a.sigstore': bundle, 'a.tgz': tarball }],
    ['behind', { 'a.tgz': tarball, 'a.sigstore': bundle }],
    [
      'with its data first',
      { 'a.sigstore': { data: bundle.data, content_type: bundleType }, 'a.tgz': tarball },
    ],
  ])('provenance %s the archive is kept as text', async (_where, attachments) => {
    const found = await read(publishBody(attachments));
    expect(found.provenance).toEqual({ name: 'a.sigstore', contentType: bundleType, text: bundle.data });
    expect(found.tarball?.received).toEqual(bytes);
  });

  test.each([0, 1, 2, 3, 4, 5, 6])('an archive of %d bytes', async (size) => {
    const data = bytes.subarray(0, size);
    const found = await read(
      publishBody({ a: { ...tarball, data: data.toString('base64'), length: size } }),
      1,
    );
    expect(found.tarball?.received).toEqual(data);
  });

  test('slashes in the base64 may be escaped', async () => {
    const body = publishBody({ a: tarball }).replaceAll('/', '\\/');
    expect((await read(body)).tarball?.received).toEqual(bytes);
  });

  test('a body without attachments is only a document', async () => {
    const found = await read(JSON.stringify(document));
    expect(found).toEqual({ document, tarball: undefined, provenance: undefined, discarded: [] });
  });
});

describe('refused', () => {
  const { data, length, content_type } = tarball;
  const text = publishBody({ a: tarball });
  const bodies: Record<string, string | Uint8Array> = {
    nothing: '',
    'white space': '  ',
    'a list': '[]',
    'a string': '"x"',
    'a number': '7',
    'text behind the document': `${text}x`,
    'a second document': `${text}{}`,
    'a document that breaks off': text.slice(0, -1),
    'a byte order mark': `\ufeff${text}`,
    'an archive that breaks off': text.slice(0, text.indexOf(data) + 100),
    'a trailing comma': '{"a":1,}',
    'a comment': '{/**/}',
    'a raw line feed in a string': '{"a":"\n"}',
    'a key twice': '{"name":"a","name":"b"}',
    'a key twice, once escaped': '{"name":"a","n\\u0061me":"b"}',
    'a version twice': '{"versions":{"1.0.0":{},"1.0.0":{}}}',
    'a version twice, once reduced': '{"versions":{"1.0.0":{},"1.0.1":{},"1.0.0":{}}}',
    'versions that are a list': '{"versions":[]}',
    'a key twice, deep down': '{"versions":{"1.0.0":{"name":"a","name":"b"}}}',
    __proto__: '{"__proto__":{"admin":true}}',
    '__proto__ deep down': '{"versions":{"__proto__":{}}}',
    '__proto__ as an attachment': '{"_attachments":{"a":{"__proto__":{}}}}',
    'attachments twice': `{"_attachments":{},"_attachments":{}}`,
    'attachments that are a list': '{"_attachments":[]}',
    'an attachment that is a string': '{"_attachments":{"a":"b"}}',
    'data twice': `{"_attachments":{"a":{"content_type":"${archiveType}","data":"","data":"","length":0}}}`,
    'data that is a number': publishBody({ a: { ...tarball, data: 7 } }),
    'no data': publishBody({ a: { content_type, length } }),
    'no type': publishBody({ a: { data, length } }),
    'a type that is no string': publishBody({ a: { ...tarball, content_type: 7 } }),
    'another type': publishBody({ a: { ...tarball, content_type: 'text/html' } }),
    'no length': publishBody({ a: { data, content_type } }),
    'another length': publishBody({ a: { ...tarball, length: length + 1 } }),
    'a length that is a string': publishBody({ a: { ...tarball, length: String(length) } }),
    'two archives': publishBody({ a: tarball, b: tarball }),
    'two bundles': publishBody({ a: bundle, b: bundle }),
    'a bundle of another type': publishBody({ 'a.sigstore': { data: '{}', content_type: archiveType } }),
    'base64 with a space': publishBody({ a: { ...tarball, data: ` ${data}` } }),
    'base64 with a line feed': publishBody({
      a: { ...tarball, data: `${data.slice(0, 76)}\n${data.slice(76)}` },
    }),
    'base64 for URLs': publishBody({ a: { ...tarball, data: '-_-_', length: 3 } }),
    'base64 without padding': publishBody({ a: { ...tarball, data: 'AA', length: 1 } }),
    'base64 with padding inside': publishBody({ a: { ...tarball, data: 'AA==AAAA', length: 4 } }),
    'base64 with too much padding': publishBody({ a: { ...tarball, data: 'AAAA====', length: 3 } }),
    'base64 with unused bits': publishBody({ a: { ...tarball, data: 'AB==', length: 1 } }),
    'base64 of one character': publishBody({ a: { ...tarball, data: 'A', length: 0 } }),
    'bytes that are not UTF-8': Buffer.concat([
      Buffer.from('{"a":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}'),
    ]),
    'a surrogate in UTF-8': Buffer.concat([
      Buffer.from('{"a":"'),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from('"}'),
    ]),
    'UTF-8 that breaks off': Buffer.concat([Buffer.from('{}'), Buffer.from([0xc3])]),
    'UTF-16': Buffer.from(text, 'utf16le'),
    'deep nesting': `{"a":${'['.repeat(200)}${']'.repeat(200)}}`,
    'a great many values at the top': `{${Array.from({ length: 510_000 }, (_, n) => `"${n}":1`).join()}}`,
    'a great many values': `{"a":[${'{},'.repeat(600_000)}{}]}`,
  };

  test.each(Object.keys(bodies))('%s', async (name) => {
    for (const size of [1000, 100_000])
      await expect(read(bodies[name] ?? '', size)).rejects.toMatchObject(refused);
  });

  test('every byte in the base64 that is none of its characters, wherever it stands', async () => {
    const known = new Set(Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'));
    for (let byte = 0; byte < 256; byte++) {
      for (const at of [0, 1, 2, 3, 5_001, data.length - 5]) {
        const body = Buffer.from(publishBody({ a: tarball }));
        body[body.indexOf(data) + at] = byte;
        const reading = read(body, 100_000);
        if (known.has(byte)) await expect(reading).resolves.toBeDefined();
        else await expect(reading, `byte ${byte} at ${at}`).rejects.toMatchObject(refused);
      }
    }
  });

  test('an archive already received is given back when the rest is unacceptable', async () => {
    const body = publishBody({ a: tarball });
    for (const bad of [body.slice(0, -1), `${body}x`, publishBody({ a: { ...tarball, length: 1 } })]) {
      await expect(read(bad, 1)).rejects.toMatchObject({ ...refused, discarded: [bytes] });
    }
  });

  test('what the receiver throws comes through, and there is nothing to give back', async () => {
    const receive = async () => Promise.reject(new Error('disk full'));
    await expect(read(publishBody({ a: tarball }), 777, { receive })).rejects.toMatchObject({
      message: 'disk full',
      discarded: [],
    });
  });

  test('the request stays open for its answer', async () => {
    const request = Readable.from(inPieces(`{"a":1,,${' '.repeat(5000)}`));
    const options = { receive: async () => 0, discard: async () => {} };
    await expect(readPublishDocument(request, options)).rejects.toMatchObject(refused);
    expect(request.destroyed).toBe(false);
  });
});

describe('limits', () => {
  test('the text is limited, whatever it consists of', async () => {
    for (const body of [
      `{"a":"${'x'.repeat(20_000)}"}`,
      `{"${'x'.repeat(20_000)}":1}`,
      `{"a":1${'0'.repeat(20_000)}}`,
      `{${' '.repeat(20_000)}}`,
    ]) {
      await expect(read(body, 777, { limits: { kept: 10_000, passing: 10_000 } })).rejects.toMatchObject({
        code: 'too_large',
      });
    }
  });

  test('the archive does not count as text', async () => {
    const found = await read(publishBody({ a: tarball }), 777, { limits: { kept: 2_000, passing: 10_000 } });
    expect(found.tarball?.received).toEqual(bytes);
  });

  test('of several versions only what may be changed is kept, and counts', async () => {
    const long = { name: 'tool', readme: 'x'.repeat(5_000), deprecated: 'old' };
    const versions = { '1.0.0': long, '1.0.1': { ...long, deprecated: 7 }, '1.0.2': {}, '1.0.3': null };
    const body = JSON.stringify({ versions, name: 'x'.repeat(9_000) });
    const { document: found } = await read(body, 777, { limits: { kept: 10_000, passing: 20_000 } });
    expect(found['versions']).toEqual({
      '1.0.0': { deprecated: 'old' },
      '1.0.1': { deprecated: 7 },
      '1.0.2': {},
      '1.0.3': {},
    });
    for (const limits of [
      { kept: 10_000, passing: 9_000 },
      { kept: 5_000, passing: 20_000 },
    ]) {
      await expect(read(body, 777, { limits })).rejects.toMatchObject({ code: 'too_large' });
    }
  });

  test('the number of versions is limited', async () => {
    const body = `{"versions":{${Array.from({ length: 100_001 }, (_, n) => `"${n}":{}`).join()}}}`;
    await expect(read(body, 100_000)).rejects.toMatchObject(refused);
  });

  test('an archive of 90 MB passes through a heap of 24 MB', async () => {
    const [piece, pieces] = [randomBytes(3 * 65_536), 450];
    const worker = new Worker(new URL('./support/read-large-body.ts', import.meta.url), {
      workerData: { piece, pieces },
      resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 },
      execArgv: [],
    });
    const digest = await new Promise((resolve, reject) =>
      worker.once('message', resolve).once('error', reject),
    );
    await worker.terminate();
    const expected = createHash('sha256');
    for (let count = 0; count < pieces; count++) expected.update(piece);
    expect(digest).toBe(expected.digest('hex'));
  });
});

describe('against JSON.parse', () => {
  const seeds = [
    '{"a":[1,-2.5e+3,0,true,false,null,"x\\n\\u00e9\\ud83d\\ude00é😀"],"constructor":{"b":{}},"toString":[]}',
    JSON.stringify(document),
    '{ "a" : [ ] , "b" : { } , "c" : "\\/\\"\\\\" , "d" : 1E5 , "e" : -0 }',
  ];
  const parsed = (text: string) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return undefined;
    }
  };
  const ours = (text: string) => {
    try {
      return parseStrictJsonObject(text);
    } catch {
      return undefined;
    }
  };

  test('a mutated text is either refused, or means the same', async () => {
    const random = createRandom(1);
    let accepted = 0;
    for (let round = 0; round < 6000; round++) {
      const text = mutated(Buffer.from(seeds[round % seeds.length] ?? ''), random).toString();
      const found = ours(text);
      if (found === undefined) continue;
      accepted++;
      expect(JSON.stringify(found)).toBe(JSON.stringify(parsed(text)));
    }
    expect(accepted).toBeGreaterThan(500);
  });

  test('what JSON.parse accepts is accepted, but for repeated keys', () => {
    const random = createRandom(2);
    for (let round = 0; round < 3000; round++) {
      const text = mutated(Buffer.from(seeds[round % seeds.length] ?? ''), random).toString();
      const value = parsed(text);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
      const keys = (text.match(/"[^"]*" *:/g) ?? []).map((key) => parsed(key.slice(0, -1).trim()));
      if (new Set(keys).size === keys.length) expect(ours(text), text).toBeDefined();
    }
  });

  test('no prototype shines through', () => {
    const found = parseStrictJsonObject('{"a":{}}');
    expect([found['constructor'], found['toString']]).toEqual([undefined, undefined]);
  });
});

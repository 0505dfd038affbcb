import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { CargoAnswer, CargoRefusal, CargoRequest } from '../../../src/cargo-credential/messages.ts';
import { serve } from '../../../src/cargo-credential/serve.ts';
import { PubError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';

const registry = { 'index-url': 'sparse+https://registry.example/cargo/index/', name: 'lab' };
const cksum = 'ab'.repeat(32);

type Answer = (request: CargoRequest) => Promise<CargoAnswer | CargoRefusal>;

const unexpected: Answer = (request) => Promise.reject(new Error(`unexpected ${request.kind}`));

/** The lines that answer these, without the greeting. */
async function conversation(
  input: string | readonly string[],
  answer: Answer = unexpected,
): Promise<string[]> {
  const output = new PassThrough();
  const written = text(output);
  await serve({ input: Readable.from(typeof input === 'string' ? [input] : input), output, answer });
  output.end();
  const [hello, ...lines] = (await written).trimEnd().split('\n');
  expect(hello).toBe('{"v":[1]}');
  return lines;
}

function line(members: Record<string, unknown>): string {
  return `${JSON.stringify({ v: 1, registry, ...members })}\n`;
}

async function understood(members: Record<string, unknown>): Promise<CargoRequest | undefined> {
  let seen: CargoRequest | undefined;
  await conversation(line(members), async (request) => {
    seen = request;
    return { kind: 'not-found' };
  });
  return seen;
}

describe('a request of cargo', () => {
  const here = { indexUrl: registry['index-url'], name: 'lab' };

  test.each([
    [{ operation: 'read' }, { operation: 'read' }],
    [
      { operation: 'publish', name: 'demo', vers: '1.0.0', cksum },
      { operation: 'publish', name: 'demo', version: '1.0.0', sha256: cksum },
    ],
    [
      { operation: 'yank', name: 'demo', vers: '1.0.0' },
      { operation: 'yank', name: 'demo', version: '1.0.0' },
    ],
    [
      { operation: 'unyank', name: 'demo', vers: '1.0.0' },
      { operation: 'unyank', name: 'demo', version: '1.0.0' },
    ],
    [
      { operation: 'owners', name: 'demo' },
      { operation: 'owners', name: 'demo' },
    ],
  ])('for a token: %j', async (members, operation) => {
    expect(await understood({ kind: 'get', ...members, args: ['x'], news: 1 })).toEqual({
      kind: 'get',
      registry: here,
      operation,
    });
  });

  test('to log in and out', async () => {
    const loginUrl = 'https://registry.example/me';
    expect(await understood({ kind: 'login', token: 'tok', 'login-url': loginUrl })).toEqual({
      kind: 'login',
      registry: here,
      token: 'tok',
      loginUrl,
    });
    expect(await understood({ kind: 'login' })).toMatchObject({ token: undefined, loginUrl: undefined });
    const nameless = { kind: 'logout', registry: { 'index-url': registry['index-url'] } };
    expect(await understood(nameless)).toEqual({ kind: 'logout', registry: { ...here, name: undefined } });
  });

  test.each([{ kind: 'frobnicate' }, { kind: 'get', operation: 'transfer', name: 'demo' }, { kind: 'get' }])(
    'that is new is one this program cannot do: %j',
    async (members) => {
      expect(await conversation(line(members))).toEqual(['{"Err":{"kind":"operation-not-supported"}}']);
    },
  );

  test.each([
    ['no JSON', 'hello\n'],
    ['no object', '[1]\n'],
    ['an empty line', '\n'],
    ['another version', line({ v: 2, kind: 'logout' })],
    ['no registry', line({ kind: 'logout', registry: undefined })],
    ['a registry that is a text', line({ kind: 'logout', registry: 'lab' })],
    ['no kind', line({})],
    ['a publish without a digest', line({ kind: 'get', operation: 'publish', name: 'demo', vers: '1.0.0' })],
    [
      'a digest in capitals',
      line({ kind: 'get', operation: 'publish', name: 'demo', vers: '1.0.0', cksum: cksum.toUpperCase() }),
    ],
    ['a yank without a version', line({ kind: 'get', operation: 'yank', name: 'demo' })],
    ['owners of nothing', line({ kind: 'get', operation: 'owners', name: '' })],
    ['a line without an end', '{"v":1'],
    ['a line that does not end', 'x'.repeat(100_000)],
  ])('that is %s is answered with a refusal', async (_name, input) => {
    const lines = await conversation(input);
    expect(lines).toEqual([expect.stringContaining('the request of cargo is not understood')]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ Err: { kind: 'other' } });
  });

  test('may come in pieces, and several may come at once; a refusal ends nothing', async () => {
    const both = `bad\n${line({ kind: 'logout' })}${line({ kind: 'logout' })}`;
    const answers = await conversation([...both], async () => ({ kind: 'logout' }));
    expect(answers.slice(1)).toEqual(['{"Ok":{"kind":"logout"}}', '{"Ok":{"kind":"logout"}}']);
  });
});

describe('an answer to cargo', () => {
  const logout = line({ kind: 'logout' });

  test('holds the token, and says that it serves one operation', async () => {
    const token = new Secret('tok');
    const answer = { kind: 'get', token, cache: 'never', operationIndependent: false } as const;
    expect(await conversation(line({ kind: 'get', operation: 'read' }), async () => answer)).toEqual([
      '{"Ok":{"kind":"get","token":"tok","cache":"never","operation_independent":false}}',
    ]);
  });

  test('of a failure says what, why, and what to do, on one line that moves no cursor', async () => {
    const cause = new Error('403: not\u001b[2J\nyours');
    const error = new PubError('E_FORBIDDEN', 'failed to\r\u009b31m ask', { cause, hint: 'ask the owner' });
    const [answer, ...more] = await conversation(logout, () => Promise.reject(error));
    expect(more).toEqual([]);
    expect(JSON.parse(answer ?? '')).toEqual({
      Err: {
        kind: 'other',
        message: 'failed to ask',
        'caused-by': ['403: not yours', 'what to do: ask the owner'],
      },
    });
  });

  test('of a mistake of ours is an answer too', async () => {
    const [answer] = await conversation(logout, () => Promise.reject(new TypeError('x is not a function')));
    expect(answer).toContain('unexpected: x is not a function');
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { answerCargo } from '../../../src/cargo-credential/answer-cargo.ts';
import type { CargoContext } from '../../../src/cargo-credential/context.ts';
import type { CargoRequest, Operation } from '../../../src/cargo-credential/messages.ts';
import type { Credential } from '../../../src/credentials/provider.ts';
import { PubError } from '../../../src/errors.ts';
import type { HttpRequest, HttpResponse } from '../../../src/http/transport.ts';
import { Secret } from '../../../src/secret.ts';
import { type Answers, only, scriptedPrompter } from '../../support/scripted-context.ts';

const indexUrl = 'sparse+https://registry.example/cargo/index/';
const publish: Operation = { operation: 'publish', name: 'demo', version: '1.0.0', sha256: 'ab'.repeat(32) };
const page = { pageUrl: 'https://registry.example/approve', doneUrl: 'https://registry.example/done' };

interface Scene {
  readonly kept?: string;
  /** By `METHOD /path`, in order. */
  readonly network?: readonly (readonly [request: string, answer: Partial<HttpResponse>])[];
  readonly answers?: Answers;
  readonly registry?: Partial<Awaited<ReturnType<CargoContext['connect']>>>;
  readonly indexUrl?: string;
}

interface Played {
  readonly answer: unknown;
  readonly sent: readonly HttpRequest[];
  readonly connected: readonly string[];
  readonly notes: readonly string[];
  /** What the keychain was told. */
  readonly kept: readonly string[];
}

type Wanted =
  | Operation
  | Omit<Extract<CargoRequest, { kind: 'login' }>, 'registry'>
  | { readonly kind: 'logout' };

async function play(wanted: Wanted, scene: Scene = {}): Promise<Played> {
  const left = [...(scene.network ?? [])];
  const sent: HttpRequest[] = [];
  const connected: string[] = [];
  const notes: string[] = [];
  const kept: string[] = [];
  const prompter = scriptedPrompter(scene.answers ?? []);
  const credential: Credential | undefined =
    scene.kept === undefined
      ? undefined
      : { token: new Secret(scene.kept), account: undefined, source: 'the keychain', kept: true };
  const context: CargoContext = {
    credentials: {
      get: async () => credential,
      keychain: {
        get: async () => credential,
        probe: async () => {},
        store: async (target, account, token) => {
          kept.push(`${target.url} ${account} ${token.expose()}`);
        },
        erase: async ({ url }) => {
          if (credential !== undefined) kept.push(`erased ${url}`);
          return credential !== undefined;
        },
      },
    },
    transport: {
      async send(request) {
        const [expected, answer] = left.shift() ?? [];
        const shown = `${request.method} ${request.url.href}`;
        if (expected !== shown) throw new Error(`unexpected ${shown}`);
        sent.push(request);
        return { status: 200, headers: {}, text: '{}', ...answer };
      },
    },
    prompter,
    interactive: true,
    environmentOneTimePassword: undefined,
    note: (text) => void notes.push(text),
    async connect(url) {
      connected.push(url);
      return only('registry', { displayUrl: url.replace(/\/$/, ''), ...scene.registry });
    },
  };
  const registry = { indexUrl: scene.indexUrl ?? indexUrl, name: 'lab' };
  const request = (
    'kind' in wanted ? { ...wanted, registry } : { kind: 'get', registry, operation: wanted }
  ) as CargoRequest;
  const answer = await answerCargo(context, request).catch((error: unknown) => error);
  prompter.finish();
  expect(left).toEqual([]);
  return { answer, sent, connected, notes, kept };
}

function config(api: string): readonly [string, Partial<HttpResponse>] {
  const text = JSON.stringify({ dl: 'https://registry.example/dl', api });
  return ['GET https://registry.example/cargo/index/config.json', { text }];
}
const ours = config('https://registry.example/cargo');
const route = 'POST https://registry.example/-/pub/v1/one-shot-tokens';
const challenge: Partial<HttpResponse> = {
  status: 401,
  headers: { 'www-authenticate': 'OTP' },
  text: JSON.stringify({
    error: 'a code, please',
    code: 'otp_required',
    authUrl: page.pageUrl,
    doneUrl: page.doneUrl,
  }),
};
const once: Partial<HttpResponse> = {
  status: 201,
  text: '{"token":"pub_once","expires":"2026-01-01T00:00:00Z"}',
};

function tokenIn(answer: unknown): string | undefined {
  return (answer as { token?: Secret }).token?.expose();
}

describe('a token', () => {
  test('for reading is the one that is kept, for this run, and nothing is sent anywhere', async () => {
    const { answer, sent } = await play({ operation: 'read' }, { kept: 'kept' });
    expect(answer).toMatchObject({ kind: 'get', cache: 'session', operationIndependent: false });
    expect(tokenIn(answer)).toBe('kept');
    expect(sent).toEqual([]);
  });

  test('that is nowhere is for the next provider of cargo to find', async () => {
    expect((await play(publish)).answer).toEqual({ kind: 'not-found' });
  });

  test.each([
    'ssh://git@registry.example/index',
    'sparse+file:///tmp/index/',
    'sparse+https://a:b@registry.example/',
  ])('for %s is none of ours', async (url) => {
    expect((await play({ operation: 'read' }, { kept: 'kept', indexUrl: url })).answer).toEqual({
      kind: 'url-not-supported',
    });
  });

  test.each([
    [publish, { operation: 'publish', name: 'demo', version: '1.0.0', sha256: 'ab'.repeat(32) }],
    [
      { operation: 'yank', name: 'demo', version: '1.0.0' },
      { operation: 'yank', name: 'demo', version: '1.0.0' },
    ],
    [
      { operation: 'unyank', name: 'demo', version: '1.0.0' },
      { operation: 'unyank', name: 'demo', version: '1.0.0' },
    ],
    [
      { operation: 'owners', name: 'demo' },
      { operation: 'owners', name: 'demo' },
    ],
  ] as const)('for a change is made for that alone: %j', async (operation, body) => {
    const { answer, sent } = await play(operation, { kept: 'kept', network: [ours, [route, once]] });
    expect(answer).toMatchObject({ kind: 'get', cache: 'never', operationIndependent: false });
    expect(tokenIn(answer)).toBe('pub_once');
    expect(sent[0]?.token).toBeUndefined();
    expect(sent[1]?.token?.expose()).toBe('kept');
    expect(JSON.parse(String(sent[1]?.body))).toEqual({ ecosystem: 'cargo', ...body });
  });

  test('for a change takes a code, and the person reads what for', async () => {
    const { answer, sent, notes } = await play(publish, {
      kept: 'kept',
      network: [ours, [route, challenge], [route, once]],
      answers: [['one-time password, or Enter to approve in a browser', '123 456']],
    });
    expect(tokenIn(answer)).toBe('pub_once');
    expect(sent[2]?.oneTimePassword?.expose()).toBe('123456');
    expect(sent[1]?.headers?.['npm-auth-type']).toBe('web');
    expect(notes).toEqual([
      `cargo is about to publish demo 1.0.0 (sha256 ${'ab'.repeat(32)}) at https://registry.example`,
    ]);
  });

  test('for a change can be approved in a browser', async () => {
    const { answer, sent, connected } = await play(publish, {
      kept: 'kept',
      network: [ours, [route, challenge], [route, once]],
      answers: [
        ['one-time password, or Enter', ''],
        ['Approve in a browser', page.pageUrl],
      ],
      registry: {
        collect: async (asked) => {
          expect(asked).toEqual(page);
          return new Secret('proof');
        },
      },
    });
    expect(tokenIn(answer)).toBe('pub_once');
    expect(sent[2]?.oneTimePassword?.expose()).toBe('proof');
    expect(connected).toEqual(['https://registry.example/']);
  });

  test('a second challenge is an error, and no token is given', async () => {
    const { answer } = await play(publish, {
      kept: 'kept',
      network: [ours, [route, challenge], [route, challenge]],
      answers: [['one-time password', '123456']],
    });
    expect(answer).toMatchObject({ code: 'E_SECOND_FACTOR' });
  });

  test.each([
    ['no such route', [ours, [route, { status: 404 }]]],
    ['a route that takes no POST', [ours, [route, { status: 405 }]]],
    ['a page for everything', [ours, [route, { status: 200, text: '<html>' }]]],
    ['a refusal that is not ours', [ours, [route, { status: 401, text: '{"errors":[]}' }]]],
    ['no web API', [['GET https://registry.example/cargo/index/config.json', { text: '{"dl":"x"}' }]]],
    ['a web API at another path', [config('https://registry.example/api')]],
    ['a web API at another host', [config('https://evil.example/cargo')]],
    ['a web API at another port', [config('https://registry.example:8443/cargo')]],
    ['a web API that is no address', [config('cargo')]],
    ['a config.json that is refused', [[ours[0], { status: 403 }]]],
  ] as const)('is the one that is kept, where a registry has %s', async (_name, network) => {
    const { answer, sent } = await play(publish, { kept: 'kept', network });
    expect(tokenIn(answer)).toBe('kept');
    expect(answer).toMatchObject({ cache: 'session', operationIndependent: true });
    expect(sent.every(({ url }) => url.origin === 'https://registry.example')).toBe(true);
  });

  test('for crates.io and for an index in git is the one that is kept, and nobody is asked', async () => {
    for (const url of [
      'https://github.com/rust-lang/crates.io-index',
      'https://registry.example/git/index',
    ]) {
      expect(tokenIn((await play(publish, { kept: 'kept', indexUrl: url })).answer)).toBe('kept');
    }
  });

  test('of a registry that shows its config.json to nobody is asked for beside its index', async () => {
    const closed = [ours[0], { status: 401 }] as const;
    const { answer, sent } = await play(publish, { kept: 'kept', network: [closed, [route, once]] });
    expect(tokenIn(answer)).toBe('pub_once');
    expect(sent[0]?.token).toBeUndefined();
  });

  test.each([
    ['that is out of order', [[ours[0], { status: 503 }]]],
    ['that is busy', [[ours[0], { status: 429 }]]],
    ['that is busy then', [ours, [route, { status: 429, text: 'slowly' }]]],
    ['that breaks on the way', [ours, [route, { status: 502, text: 'bad gateway' }]]],
    ['that knows the token no more', [ours, [route, { status: 401, text: '{"code":"unauthenticated"}' }]]],
    ['that refuses', [ours, [route, { status: 403, text: '{"code":"token_limited"}' }]]],
    ['that gives none', [ours, [route, { status: 201, text: '{}' }]]],
    ['that gives what is none', [ours, [route, { status: 201, text: '{"token":"a\\r\\nb"}' }]]],
  ] as const)('is not the one that is kept, from a registry %s', async (_name, network) => {
    const { answer } = await play(publish, { kept: 'kept', network });
    expect(answer).toBeInstanceOf(PubError);
  });
});

interface Vector {
  readonly name: string;
  readonly body: Readonly<Record<string, string>>;
}
const vectors = (file: string): Vector[] =>
  JSON.parse(readFileSync(new URL(`../../vectors/one-shot-tokens/${file}`, import.meta.url), 'utf8'));

describe('the vectors of tokens for one act', () => {
  const crates = vectors('request-accept.json').filter(({ body }) => body['ecosystem'] === 'cargo');

  test.each(crates)('$name is asked for so', async ({ body }) => {
    const { ecosystem: _, ...operation } = body;
    const { sent } = await play(operation as unknown as Operation, {
      kept: 'kept',
      network: [ours, [route, once]],
    });
    expect(JSON.parse(String(sent[1]?.body))).toEqual(body);
  });

  test.each(vectors('answer-accept.json'))('$name is taken', async ({ body }) => {
    const network = [ours, [route, { status: 201, text: JSON.stringify(body) }]] as const;
    expect(tokenIn((await play(publish, { kept: 'kept', network })).answer)).toBe(body['token']);
  });

  test.each(vectors('answer-reject.json'))(
    '$name is not taken, nor the token that is kept',
    async ({ body }) => {
      const network = [ours, [route, { status: 201, text: JSON.stringify(body) }]] as const;
      expect((await play(publish, { kept: 'kept', network })).answer).toMatchObject({ code: 'E_REGISTRY' });
    },
  );
});

describe('cargo login', () => {
  const login = { kind: 'login', token: undefined, loginUrl: 'https://registry.example/me' } as const;
  const elsewhere = config('https://registry.example/api');

  test('keeps the token that cargo was given, for the account it belongs to', async () => {
    const { answer, kept } = await play(
      { ...login, token: ' tok\n' },
      { network: [ours], registry: { whoAmI: async () => 'alice' } },
    );
    expect(answer).toEqual({ kind: 'login' });
    expect(kept).toEqual([`${indexUrl} alice tok`]);
  });

  test('asks for one, and says where it is to be had', async () => {
    const { kept } = await play(login, {
      network: [elsewhere],
      answers: [
        ['token for https://registry.example/cargo/index/ (see https://registry.example/me)', 'Bearer x'],
      ],
    });
    expect(kept).toEqual([`${indexUrl} (token) Bearer x`]);
  });

  test('logs in in a browser where the registry is ours', async () => {
    const { kept } = await play(login, {
      network: [ours],
      answers: [
        ['or Enter to log in in a browser', ''],
        ['Log in in a browser', page.pageUrl],
      ],
      registry: {
        beginBrowserLogin: async () => page,
        collect: async () => new Secret('session'),
        whoAmI: async () => 'alice',
      },
    });
    expect(kept).toEqual([`${indexUrl} alice session`]);
  });

  test('keeps no token that our registry does not know', async () => {
    const unknown = new PubError('E_NOT_LOGGED_IN', 'who is this');
    const { answer, kept } = await play(
      { ...login, token: 'tok' },
      { network: [ours], registry: { whoAmI: () => Promise.reject(unknown) } },
    );
    expect([answer, kept]).toEqual([unknown, []]);
  });

  test.each(['', ' ', 'a\u0007b', 'tökn', 'a\nb'])('does not take %j for a token', async (token) => {
    const { answer, kept } = await play({ ...login, token }, { network: [elsewhere] });
    expect(answer).toMatchObject({ code: 'E_USAGE' });
    expect(kept).toEqual([]);
  });

  test('shows no address that is none', async () => {
    const hostile = { ...login, loginUrl: 'javascript:alert(1)\u001b[2J' };
    const { kept } = await play(hostile, {
      network: [elsewhere],
      answers: [['token for https://registry.example/cargo/index/', 'tok']],
    });
    expect(kept).toHaveLength(1);
  });
});

describe('cargo logout', () => {
  test('erases what is kept, and says that the token lives on', async () => {
    const { answer, kept, notes } = await play({ kind: 'logout' }, { kept: 'kept' });
    expect(answer).toEqual({ kind: 'logout' });
    expect(kept).toEqual([`erased ${indexUrl}`]);
    expect(notes[0]).toContain('stays valid at the registry');
  });

  test('is for the next provider where nothing is kept', async () => {
    expect((await play({ kind: 'logout' })).answer).toEqual({ kind: 'not-found' });
  });
});

import { describe, expect, it } from 'vitest';
import { beginBrowserLogin, collect } from '../../../../src/ecosystems/npm/browser-requests.ts';
import { RegistryClient } from '../../../../src/ecosystems/npm/registry-client.ts';
import { browserRequest } from '../../../../src/http/browser-request.ts';
import { refusalOf } from '../../../../src/http/registry-error.ts';
import { SecondFactorRequired } from '../../../../src/second-factor/challenge.ts';
import { type ScriptedAnswer, scriptedTransport } from '../../../support/scripted-transport.ts';

const url = 'https://registry.example/npm/';
const target = { name: undefined, url, chosenBy: 'a test' };
const done = 'https://registry.example/npm/-/v1/done?authId=capability';
const page = 'https://www.registry.example/approve/capability';

type Script = (readonly [call: string, answer: ScriptedAnswer])[];

function clientOf(...script: Script) {
  const transport = scriptedTransport(...script);
  return { transport, client: new RegistryClient(target, transport, true) };
}

describe('the addresses of a browser request', () => {
  it('are taken as the registry gave them', () => {
    expect(browserRequest(page, done, url)).toEqual({ pageUrl: page, doneUrl: done });
  });

  it.each([
    ['a script', 'javascript:alert(1)', done],
    ['a file', 'file:///etc/passwd', done],
    ['a program of its own', 'vscode://open', done],
    ['plain http to another machine', 'http://registry.example/approve', done],
    ['credentials', 'https://user:password@registry.example/approve', done],
    ['no text', 7, done],
    ['an address that is too long', `https://registry.example/${'a'.repeat(3_000)}`, done],
    ['another host to poll', page, 'https://thief.example/done'],
    ['another port to poll', page, 'https://registry.example:8443/done'],
    ['nothing to poll', page, undefined],
  ])('are refused for %s', (_what, pageUrl, doneUrl) => {
    expect(browserRequest(pageUrl, doneUrl, url)).toBeUndefined();
  });

  it('come with a challenge, and leave it a challenge when they are unfit', () => {
    const challenge = (authUrl: string) => ({
      status: 401,
      headers: { 'www-authenticate': 'otp' },
      text: JSON.stringify({ error: 'a code', authUrl, doneUrl: done }),
    });
    const fit = refusalOf(challenge(page), 'failed', url) as SecondFactorRequired;
    expect(fit.challenge.browser).toEqual({ pageUrl: page, doneUrl: done });
    const unfit = refusalOf(challenge('javascript:alert(1)'), 'failed', url);
    expect(unfit).toBeInstanceOf(SecondFactorRequired);
    expect((unfit as SecondFactorRequired).challenge.browser).toBeUndefined();
  });
});

describe('a login in a browser', () => {
  it('asks nobody but the registry, whatever the address reads like', async () => {
    const { client, transport } = clientOf();
    const doneUrl = 'https://registry.example//thief.example/done';
    await expect(collect(client, { pageUrl: page, doneUrl })).rejects.toMatchObject({ code: 'E_REGISTRY' });
    expect(transport.sent).toEqual([]);
  });

  it('begins with the addresses of the registry', async () => {
    const { client, transport } = clientOf([
      'POST /npm/-/v1/login',
      { status: 200, body: { loginUrl: page, doneUrl: done } },
    ]);
    expect(await beginBrowserLogin(client)).toEqual({ pageUrl: page, doneUrl: done });
    transport.assertAllUsed();
  });

  it.each([404, 500])('is not there where the registry knows none, and answers with %i', async (status) => {
    const { client } = clientOf(['POST /npm/-/v1/login', { status, body: {} }]);
    expect(await beginBrowserLogin(client)).toBeUndefined();
  });

  it('fails where the registry cannot be asked', async () => {
    const { client } = clientOf(['POST /npm/-/v1/login', { status: 503, body: {} }]);
    await expect(beginBrowserLogin(client)).rejects.toThrow('failed to begin a login');
  });

  it('is not begun where nobody sits', async () => {
    const transport = scriptedTransport();
    expect(await beginBrowserLogin(new RegistryClient(target, transport, false))).toBeUndefined();
  });
});

describe('waiting for the person', () => {
  const path = 'GET /npm/-/v1/done?authId=capability';

  it('goes on while there is no decision, and gives the token', async () => {
    const { client, transport } = clientOf(
      [path, { status: 202, body: {}, headers: { 'retry-after': '1' } }],
      [path, { status: 200, body: { token: 'a-token' } }],
    );
    expect((await collect(client, { pageUrl: page, doneUrl: done })).expose()).toBe('a-token');
    expect(transport.sent.every(({ token }) => token === undefined)).toBe(true);
    transport.assertAllUsed();
  });

  it.each([404, 403, 410])('ends with a no for %d', async (status) => {
    const { client } = clientOf([path, { status, body: {} }]);
    await expect(collect(client, { pageUrl: page, doneUrl: done })).rejects.toMatchObject({
      code: 'E_SECOND_FACTOR',
    });
  });

  it('ends with a no for an answer without a token, as npm and this registry have it for a login', async () => {
    const { client } = clientOf([path, { status: 200, body: { error: 'denied' } }]);
    await expect(collect(client, { pageUrl: page, doneUrl: done })).rejects.toMatchObject({
      code: 'E_SECOND_FACTOR',
    });
  });

  it.each([[{ token: 'two\nlines' }], [{ token: 7 }], [{ token: null }]])(
    'takes no token like %j',
    async (body) => {
      const { client } = clientOf([path, { status: 200, body }]);
      await expect(collect(client, { pageUrl: page, doneUrl: done })).rejects.toMatchObject({
        code: 'E_REGISTRY',
      });
    },
  );
});

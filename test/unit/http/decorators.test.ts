import { describe, expect, test } from 'vitest';
import { PubError } from '../../../src/errors.ts';
import { networkError } from '../../../src/http/network-error.ts';
import { withNotices } from '../../../src/http/notices.ts';
import { withRetries } from '../../../src/http/retry.ts';
import { withTrace } from '../../../src/http/trace.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../../src/http/transport.ts';
import { Secret } from '../../../src/secret.ts';

const answer = (status: number): HttpResponse => ({ status, headers: {}, text: '' });
const failed = (code: string): PubError =>
  networkError(new URL('http://127.0.0.1'), Object.assign(new Error('x'), { code }));
const broken = failed('ECONNRESET');
const pauses = [1, 1];

/** Gives these outcomes in turn, and fails on a request more. */
function scripted(outcomes: (HttpResponse | Error)[]): Transport & { asked: HttpRequest[] } {
  const asked: HttpRequest[] = [];
  return {
    asked,
    async send(request) {
      asked.push(request);
      const outcome = outcomes.shift();
      if (outcome === undefined) throw new Error('unexpected request');
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  };
}

const get: HttpRequest = { method: 'GET', url: new URL('http://127.0.0.1/a?secret=1') };

describe('what a registry says besides', () => {
  const saying = (notice: string, status = 200) => ({ ...answer(status), headers: { 'npm-notice': notice } });

  test('is told once, as plain text, and with a success alone', async () => {
    const lines: string[] = [];
    const outcomes = [
      saying('bob is \u001b[31minvited'),
      saying('bob is \u001b[31minvited'),
      saying('open https://elsewhere.example', 401),
      answer(200),
      saying('another'),
    ];
    const transport = withNotices(scripted(outcomes), (line) => void lines.push(line));
    for (let count = 0; count < 5; count++) await transport.send(get);
    expect(lines).toEqual(['The registry says: bob is invited', 'The registry says: another']);
  });
});

describe('retries', () => {
  test('a GET is repeated after a broken connection and while the registry restarts', async () => {
    const transport = scripted([broken, answer(503), answer(200)]);
    expect((await withRetries(transport, { pauses }).send(get)).status).toBe(200);
  });

  test('the last outcome counts, be it an answer or a failure', async () => {
    const refused = scripted([answer(502), answer(503), answer(504)]);
    expect((await withRetries(refused, { pauses }).send(get)).status).toBe(504);
    const lost = scripted([broken, broken, broken]);
    await expect(withRetries(lost, { pauses }).send(get)).rejects.toBe(broken);
  });

  test.each(['POST', 'PUT', 'DELETE'] as const)('%s is never repeated', async (method) => {
    const transport = scripted([answer(503)]);
    expect((await withRetries(transport, { pauses }).send({ ...get, method })).status).toBe(503);
    await expect(withRetries(scripted([broken]), { pauses }).send({ ...get, method })).rejects.toBe(broken);
  });

  test.each([200, 401, 404, 429, 500])('an answer %s is final', async (status) => {
    expect((await withRetries(scripted([answer(status)]), { pauses }).send(get)).status).toBe(status);
  });

  test.each(['CERT_HAS_EXPIRED', 'ENOTFOUND', 'UND_ERR_HEADERS_TIMEOUT', 'ERR_SSL_WRONG_VERSION_NUMBER'])(
    'the failure %s is final: it would be the same again',
    async (code) => {
      const failure = failed(code);
      await expect(withRetries(scripted([failure]), { pauses }).send(get)).rejects.toBe(failure);
    },
  );

  test('a wrong setting and Ctrl-C are final', async () => {
    const wrong = new PubError('E_CONFIG', 'no');
    await expect(withRetries(scripted([wrong]), { pauses }).send(get)).rejects.toBe(wrong);
    const signal = AbortSignal.abort();
    const waiting = withRetries(scripted([broken]), { pauses: [60_000], signal }).send(get);
    await expect(waiting).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
  });
});

describe('the trace', () => {
  test('hides the token that npm puts into the path of a logout', async () => {
    const lines: string[] = [];
    const url = new URL('http://127.0.0.1/npm/-/user/token/pub_hush');
    await withTrace(scripted([answer(200)]), (line) => lines.push(line)).send({ method: 'DELETE', url });
    expect(lines[0]).toContain('DELETE http://127.0.0.1/npm/-/user/token/[secret] -> 200');
    expect(lines[0]).not.toContain('hush');
  });

  test('shows method, address and status, and no header, body, token or query', async () => {
    const lines: string[] = [];
    const transport = withTrace(scripted([answer(201), broken]), (line) => lines.push(line));
    const request = { ...get, token: new Secret('hush'), body: 'hush', headers: { 'x-a': 'hush' } };
    await transport.send({ ...request, method: 'PUT' });
    await expect(transport.send(request)).rejects.toBe(broken);
    expect(lines.map((line) => line.replace(/\d+ ms/, 'N ms'))).toEqual([
      'PUT http://127.0.0.1/a -> 201 (N ms)',
      'GET http://127.0.0.1/a -> failed (N ms)',
    ]);
  });
});

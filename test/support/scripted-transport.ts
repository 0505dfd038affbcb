import assert from 'node:assert/strict';
import type { HttpRequest, HttpResponse, Transport } from '../../src/http/transport.ts';
import { Secret } from '../../src/secret.ts';

/** A request as it left, with its secrets shown and its body read. */
export interface SentRequest {
  readonly method: string;
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly token: string | undefined;
  readonly bareToken: string | undefined;
  readonly basicCredential: string | undefined;
  readonly oneTimePassword: string | undefined;
  readonly body: Buffer;
  readonly bodyIsSecret: boolean;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a string as it is. */
  readonly body?: unknown;
}

export interface ScriptedTransport extends Transport {
  readonly sent: readonly SentRequest[];
  /** Fails when an answer was never asked for. */
  assertAllUsed(): void;
}

/** Answers the calls it was told to expect, `"PUT /path"`, in this order; any other call fails the test. */
export function scriptedTransport(
  ...script: readonly (readonly [call: string, answer: ScriptedAnswer])[]
): ScriptedTransport {
  const sent: SentRequest[] = [];
  return {
    sent,
    async send(request) {
      const made = await read(request);
      const expected = script[sent.length];
      assert.ok(expected, `unexpected request: ${made.method} ${made.path}`);
      assert.equal(`${made.method} ${made.path}`, expected[0]);
      sent.push(made);
      const answer = response(expected[1]);
      if (request.receive === undefined || answer.status < 200 || answer.status >= 300) return answer;
      await request.receive(chunksOf(answer.text));
      return { ...answer, text: '' };
    },
    assertAllUsed: () => {
      const unused = script.slice(sent.length).map(([call]) => call);
      assert.deepEqual(unused, [], 'answers that were never asked for');
    },
  };
}

async function read(request: HttpRequest): Promise<SentRequest> {
  const { method, url, headers, token, bareToken, basicCredential, oneTimePassword, body } = request;
  return {
    method,
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    headers: headers ?? {},
    token: token?.expose(),
    bareToken: bareToken?.expose(),
    basicCredential: basicCredential?.expose(),
    oneTimePassword: oneTimePassword?.expose(),
    body: await bytesOf(request),
    bodyIsSecret: body instanceof Secret,
  };
}

async function bytesOf({ body, onProgress }: HttpRequest): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Secret) return Buffer.from(body.expose());
  const chunks: Uint8Array[] = [];
  let sent = 0;
  for await (const chunk of body.open()) {
    chunks.push(chunk);
    sent += chunk.length;
    onProgress?.(sent);
  }
  assert.equal(sent, body.length, 'the length that was announced');
  return Buffer.concat(chunks);
}

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text, 'latin1');
}

function response({ status = 200, headers = {}, body = '' }: ScriptedAnswer): HttpResponse {
  return { status, headers, text: typeof body === 'string' ? body : JSON.stringify(body) };
}

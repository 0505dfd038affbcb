import type { Dispatcher } from 'undici';
import { PubError } from '../errors.ts';
import { acceptedEncodings, readAnswer } from './answer-body.ts';
import type { Connections } from './connections.ts';
import { credentialHeaders, requireProtectedConnection } from './credential-rules.ts';
import { networkError } from './network-error.ts';
import { followRedirects } from './redirects.ts';
import { bodyLength, openBody } from './request-body.ts';
import type { HttpRequest, HttpResponse, Transport } from './transport.ts';
import { defaultMaximumAnswer, type TransportSettings } from './transport-settings.ts';

/** Speaks HTTP/1.1. undici is loaded with the first request. */
export function createTransport(settings: TransportSettings): Transport & { close(): Promise<void> } {
  let connections: Promise<Connections> | undefined;
  const single: Transport = {
    async send(request) {
      requireProtectedConnection(request);
      const headers = requestHeaders(settings, request);
      connections ??= open(settings);
      return await exchange(await connections, settings, { request, headers });
    },
  };
  return {
    send: followRedirects(single).send,
    async close() {
      // What could not be opened was reported by the request that wanted it, and needs no closing.
      await (await connections?.catch(() => undefined))?.close();
    },
  };
}

async function open(settings: TransportSettings): Promise<Connections> {
  const { openConnections } = await import('./connections.ts');
  return await openConnections(settings);
}

function requestHeaders(settings: TransportSettings, request: HttpRequest): Record<string, string> {
  const length = bodyLength(request.body);
  return {
    'user-agent': settings.userAgent,
    accept: 'application/json',
    'accept-encoding': request.receive === undefined ? acceptedEncodings : 'identity',
    ...request.headers,
    ...(length === undefined ? {} : { 'content-length': String(length) }),
    ...credentialHeaders(request),
  };
}

/** The library also takes async iterables, which its type does not say. */
type Body = Exclude<Dispatcher.DispatchOptions['body'], undefined>;

async function exchange(
  connections: Connections,
  settings: TransportSettings,
  { request, headers }: { request: HttpRequest; headers: Record<string, string> },
): Promise<HttpResponse> {
  const { url, method } = request;
  try {
    const answer = await connections.send(url, {
      method,
      headers,
      body: openBody(request) as Body,
      ...(settings.signal === undefined ? {} : { signal: settings.signal }),
    });
    const answerHeaders = joinHeaders(answer.headers);
    if (request.receive !== undefined && answer.statusCode >= 200 && answer.statusCode < 300) {
      await request.receive(answer.body);
      return { status: answer.statusCode, headers: answerHeaders, text: '' };
    }
    const text = await readAnswer(url, answer.body, {
      encoding: answerHeaders['content-encoding'],
      limit: settings.maximumAnswer ?? defaultMaximumAnswer,
    });
    return { status: answer.statusCode, headers: answerHeaders, text };
  } catch (error) {
    throw settings.signal?.aborted === true ? interrupted() : networkError(url, error);
  }
}

function interrupted(): PubError {
  return new PubError('E_INTERRUPTED', 'interrupted while speaking to the registry');
}

function joinHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const joined: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name.toLowerCase()] = [value].flat().join(', ');
  }
  return joined;
}

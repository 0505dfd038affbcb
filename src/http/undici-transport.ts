import type { Dispatcher } from 'undici';
import { PubError } from '../errors.ts';
import { acceptedEncodings, readAnswer } from './answer-body.ts';
import { credentialHeaders, isLoopback, requireProtectedConnection } from './credential-rules.ts';
import { networkError } from './network-error.ts';
import { followRedirects } from './redirects.ts';
import { bodyLength, openBody } from './request-body.ts';
import type { HttpRequest, HttpResponse, Transport } from './transport.ts';
import {
  defaultBodyTimeout,
  defaultConnectTimeout,
  defaultHeadersTimeout,
  defaultMaximumAnswer,
  type TransportSettings,
} from './transport-settings.ts';

/** Direct for this machine: a proxy's loopback is another machine, and would see what is meant for ours. */
interface Connections {
  readonly direct: Dispatcher;
  readonly proxied: Dispatcher;
}

/** Speaks HTTP/1.1. undici costs about 50 ms to load, so it is loaded with the first request. */
export function createTransport(settings: TransportSettings): Transport & { close(): Promise<void> } {
  let connections: Promise<Connections> | undefined;
  const single: Transport = {
    async send(request) {
      requireProtectedConnection(request);
      const headers = requestHeaders(settings, request);
      connections ??= openConnections(settings);
      const { direct, proxied } = await connections;
      return await exchange(isLoopback(request.url) ? direct : proxied, settings, { request, headers });
    },
  };
  return {
    send: followRedirects(single).send,
    async close() {
      // What could not be opened was reported by the request that wanted it, and needs no closing.
      const opened = await connections?.catch(() => undefined);
      await Promise.all([opened?.direct.destroy(), opened?.proxied.destroy()]);
    },
  };
}

async function openConnections(settings: TransportSettings): Promise<Connections> {
  const { Agent, EnvHttpProxyAgent } = await import('undici');
  const ca = settings.caCertificates === undefined ? {} : { ca: [settings.caCertificates].flat() };
  const tls = { rejectUnauthorized: settings.strictTls, ...ca };
  const timeout = settings.connectTimeout ?? defaultConnectTimeout;
  const options = {
    connect: { timeout, ...tls },
    headersTimeout: settings.headersTimeout ?? defaultHeadersTimeout,
    bodyTimeout: settings.bodyTimeout ?? defaultBodyTimeout,
    allowH2: false,
  };
  const direct = new Agent(options);
  const { proxy, httpsProxy, noProxy } = settings;
  if (proxy === undefined && httpsProxy === undefined) return { direct, proxied: direct };
  requireUrls([proxy, httpsProxy]);
  // An absent setting is passed as an empty text: the agent would look into the process' environment.
  const proxies = { httpProxy: proxy ?? '', httpsProxy: httpsProxy ?? proxy ?? '', noProxy: noProxy ?? '' };
  return {
    direct,
    proxied: new EnvHttpProxyAgent({ ...options, ...proxies, requestTls: tls, proxyTls: tls }),
  };
}

/** Says nothing of the URL itself: a proxy's may hold a password. */
function requireUrls(proxies: readonly (string | undefined)[]): void {
  if (proxies.every((url) => url === undefined || (URL.canParse(url) && /^https?:/i.test(url)))) return;
  throw new PubError('E_CONFIG', 'the proxy setting is not an http or https URL', {
    hint: 'write it as http://host:port in `proxy` and `https-proxy` in .npmrc, or in the environment',
  });
}

function requestHeaders(settings: TransportSettings, request: HttpRequest): Record<string, string> {
  const length = bodyLength(request.body);
  return {
    'user-agent': settings.userAgent,
    accept: 'application/json',
    'accept-encoding': acceptedEncodings,
    ...request.headers,
    ...(length === undefined ? {} : { 'content-length': String(length) }),
    ...credentialHeaders(request),
  };
}

/** The library also takes async iterables, which its type does not say. */
type Body = Exclude<Dispatcher.DispatchOptions['body'], undefined>;

async function exchange(
  dispatcher: Dispatcher,
  settings: TransportSettings,
  { request, headers }: { request: HttpRequest; headers: Record<string, string> },
): Promise<HttpResponse> {
  const { url, method } = request;
  try {
    const options: Dispatcher.RequestOptions = {
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers,
      body: openBody(request) as Body,
      ...(settings.signal === undefined ? {} : { signal: settings.signal }),
    };
    const answer = await dispatcher.request(options);
    const answerHeaders = joinHeaders(answer.headers);
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

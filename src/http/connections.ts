import { setFlagsFromString } from 'node:v8';
import type { Dispatcher } from 'undici';
// By their files: undici's own entry also loads `fetch`, WebSocket, caches and mocks, 40 ms and 10 MB (measured).
import sendRequest from 'undici/lib/api/api-request.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import { PubError } from '../errors.ts';
import { isLoopback } from './credential-rules.ts';
import {
  defaultBodyTimeout,
  defaultConnectTimeout,
  defaultHeadersTimeout,
  type TransportSettings,
} from './transport-settings.ts';

/*
 * undici reads answers with a parser in WebAssembly, which V8 sets out to optimise at once: 35 ms of processor
 * time and 20 MB (measured) for answers of a few hundred bytes. In bytes executed; the default is 1.8 million.
 */
setFlagsFromString('--wasm-tiering-budget=1000000000');

type Request = Omit<Dispatcher.RequestOptions, 'origin' | 'path'>;

/** Where requests are sent. */
export interface Connections {
  send(url: URL, request: Request): Promise<Dispatcher.ResponseData>;
  close(): Promise<void>;
}

export async function openConnections(settings: TransportSettings): Promise<Connections> {
  const { direct, proxied } = await openAgents(settings);
  return {
    async send(url, request) {
      // A proxy's loopback is another machine, and would see what is meant for ours.
      const agent = isLoopback(url) ? direct : proxied;
      const path = `${url.pathname}${url.search}`;
      return await sendRequest.call(agent, { ...request, origin: url.origin, path });
    },
    async close() {
      await Promise.all([direct.destroy(), proxied.destroy()]);
    },
  };
}

async function openAgents(settings: TransportSettings): Promise<{ direct: Dispatcher; proxied: Dispatcher }> {
  const ca = settings.caCertificates === undefined ? {} : { ca: [settings.caCertificates].flat() };
  const tls = { rejectUnauthorized: settings.strictTls, ...ca };
  const timeout = settings.connectTimeout ?? defaultConnectTimeout;
  const options = {
    connect: { timeout, ...tls },
    headersTimeout: settings.headersTimeout ?? defaultHeadersTimeout,
    bodyTimeout: settings.bodyTimeout ?? defaultBodyTimeout,
    allowH2: false,
    // Without this a second request, sent right after the first, opens a second connection (measured).
    connections: 1,
  };
  const direct = new Agent(options);
  const { proxy, httpsProxy, noProxy } = settings;
  if (proxy === undefined && httpsProxy === undefined) return { direct, proxied: direct };
  requireUrls([proxy, httpsProxy]);
  const { default: EnvHttpProxyAgent } = await import('undici/lib/dispatcher/env-http-proxy-agent.js');
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

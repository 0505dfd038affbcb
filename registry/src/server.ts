import type { AddressInfo } from 'node:net';
import { createApp } from './app.ts';
import type { UpstreamOptions } from './commands/upstream-options.ts';
import { isLoopback } from './loopback.ts';
import type { SmtpServer } from './mail/smtp-url.ts';
import type { MailTransport } from './mail/transport.ts';
import { startMailWorker } from './mail/worker.ts';
import { sealEarlier } from './releases/seal-earlier.ts';
import { openMailTransport, openServices, upstreamsOf } from './wiring.ts';

export interface ServerOptions extends UpstreamOptions {
  readonly data: string;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly registration: 'open' | 'closed' | undefined;
  /** Where clients reach the registry, when that is not where it listens. */
  readonly url: string | undefined;
  /** Whether cargo's index and downloads take a token. */
  readonly cargoAuthRequired?: boolean;
  /** Where mail goes out; without one it is kept in the data folder. */
  readonly smtpUrl?: SmtpServer;
  readonly mailFrom?: string;
}

export interface RunningServer {
  readonly url: string;
  /** Lets requests in progress end, then closes the database. */
  stop(): Promise<void>;
}

/** How long requests in progress may take once the server is asked to stop, in milliseconds. */
const gracePeriod = 10_000;

/** Opens the data folder and listens. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const upstreams = upstreamsOf(options);
  const registration = options.registration ?? defaultRegistration(options);
  let listening = '';
  const publicUrl = () => options.url ?? listening;
  const { cargoAuthRequired = false } = options;
  const services = await openServices(options.data, {
    registration,
    publicUrl,
    cargoAuthRequired,
    upstreams,
    ...(options.upstreamCache !== undefined && { upstreamCacheBytes: options.upstreamCache }),
  });
  const app = createApp(services);
  let transport: MailTransport;
  try {
    transport = await openMailTransport(options.data, services, {
      server: options.smtpUrl,
      from: options.mailFrom,
    });
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await services.close();
    throw error;
  }
  const { port } = app.server.address() as AddressInfo;
  listening = `http://${hostInUrl(options.host)}:${port}`;
  services.background.run('seal earlier releases', () => sealEarlier(services));
  const mail = startMailWorker(services, transport);
  return {
    url: publicUrl(),
    async stop() {
      const timer = setTimeout(() => app.server.closeAllConnections(), gracePeriod);
      await app.close();
      clearTimeout(timer);
      await mail.stop();
      await services.close();
    },
  };
}

/** Whoever signs up takes the scope of their name from upstream, from that of a single scope too. */
function defaultRegistration({ host, upstream, upstreamScope }: ServerOptions): 'open' | 'closed' {
  return isLoopback(host) && upstream === undefined && upstreamScope === undefined ? 'open' : 'closed';
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

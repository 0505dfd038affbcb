import { isLoopback } from '../loopback.ts';

/** A mail server, as the operator names it. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** `tls` from the first byte, `starttls` before anything else is said, `none` on this machine only. */
  readonly security: 'tls' | 'starttls' | 'none';
  readonly user: string | undefined;
}

/** RFC 8314 §7.3 and RFC 6409 §3.1; 25 for a server on this machine. */
const usualPorts = { tls: 465, starttls: 587, none: 25 } as const;

/**
 * Reads `smtps://user@host:port`. Nothing for what is none, and for one with a password: that would be in the
 * list of processes, for every user of the machine.
 */
export function parseSmtpUrl(text: string): SmtpServer | undefined {
  const url = URL.parse(text);
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '') return undefined;
  if (url.password !== '' || url.search !== '' || url.hash !== '' || !/^\/?$/.test(url.pathname))
    return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const security = url.protocol === 'smtps:' ? 'tls' : isLoopback(host) ? 'none' : 'starttls';
  const user = url.username === '' ? undefined : decode(url.username);
  const port = url.port === '' ? usualPorts[security] : Number(url.port);
  return { host, port, security, user };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

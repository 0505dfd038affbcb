import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';
import { selfSigned } from '../../../test/support/certificate.ts';
import type { SmtpServer } from '../../src/mail/smtp-url.ts';
import { type ParsedMail, readMail } from './mail-text.ts';

export interface ReceivedMail extends ParsedMail {
  /** What the client said to the server, which is what counts. */
  readonly recipients: readonly string[];
  readonly encrypted: boolean;
  readonly user: string | undefined;
}

export interface MailServerOptions {
  readonly port?: number;
  readonly options?: SMTPServerOptions;
  /** Runs once a mail is accepted, before the client is told. */
  readonly onAccepted?: (mail: ReceivedMail) => Promise<void> | void;
}

export const mailPassword = 'a password of the mail server';

/** A real mail server on loopback that offers STARTTLS and asks who sends. */
export class MailServer {
  readonly received: ReceivedMail[] = [];
  readonly ca: string;
  readonly #server: SMTPServer;

  constructor({ options = {}, onAccepted }: MailServerOptions = {}) {
    const day = 24 * 60 * 60 * 1_000;
    const certificate = selfSigned(new Date(Date.now() - day), new Date(Date.now() + day));
    this.ca = certificate.cert;
    this.#server = new SMTPServer({
      ...certificate,
      logger: false,
      closeTimeout: 1_000,
      onAuth: ({ username, password }, _session, done) =>
        password === mailPassword ? done(null, { user: username }) : done(new Error('wrong password')),
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', async () => {
          const mail = {
            ...readMail(Buffer.concat(chunks).toString('utf8')),
            recipients: session.envelope.rcptTo.map(({ address }) => address),
            encrypted: session.secure,
            user: session.user,
          };
          this.received.push(mail);
          await onAccepted?.(mail);
          done();
        });
      },
      ...options,
    });
    // A client that leaves in the middle is not what is looked at here.
    this.#server.on('error', () => {});
  }

  async listen(port = 0): Promise<SmtpServer> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    const address = this.#server.server.address() as AddressInfo;
    return { host: '127.0.0.1', port: address.port, security: 'starttls', user: 'registry' };
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** For the length of the current test. */
export async function startMailServer(
  options: MailServerOptions = {},
): Promise<{ server: MailServer; address: SmtpServer }> {
  const server = new MailServer(options);
  const address = await server.listen(options.port);
  onTestFinished(() => server.stop());
  return { server, address };
}

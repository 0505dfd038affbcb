import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport, type SendMailOptions } from 'nodemailer';
import type { SmtpServer } from './smtp-url.ts';
import { MailFailure, type MailTransport, type OutgoingMail } from './transport.ts';

/** The one file that knows the mail library. */

/** How long one mail may take altogether, in milliseconds: well below what a worker claims it for. */
const longestSending = 60_000;

const longestConnecting = 15_000;

export interface FolderOptions {
  readonly folder: string;
  readonly from: () => string;
  readonly log: (line: string) => void;
}

/**
 * Where no mail server is configured, mail is kept as files for the operator to read, private to the user
 * that runs the registry: `<time>-<number>.eml` (RFC 5322). Sending one again replaces its file.
 */
export function createFolderTransport({ folder, from, log }: FolderOptions): MailTransport {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  return {
    async send(mail) {
      const { message } = await composer.sendMail(compose(mail, from()));
      const time = new Date(mail.at).toISOString().replaceAll(/[-:]/g, '').replace(/\.\d+/, '');
      const name = `${time}-${mail.id}.eml`;
      try {
        await writeWhole(folder, name, message as Buffer);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
        throw new MailFailure(`the mail folder cannot be written: ${code}`, {
          cause: error,
          thisMailOnly: false,
        });
      }
      log(`mail ${mail.id} is in ${name}: no mail server is configured`);
    },
  };
}

async function writeWhole(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unfinished = join(folder, `.${randomUUID()}`);
  try {
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, join(folder, name));
  } catch (error) {
    await unlink(unfinished).catch(() => {});
    throw error;
  }
}

export interface SmtpOptions {
  readonly server: SmtpServer;
  /** Needed where the server has a user. */
  readonly password: string | undefined;
  readonly from: () => string;
  /** The certificate of a certificate authority of one's own, PEM. */
  readonly ca?: string;
}

/**
 * Sends over SMTP (RFC 5321). Beyond this machine nothing is said, the password least of all, before the
 * connection is encrypted and the server's certificate is checked: STARTTLS is demanded and not just taken
 * where it is offered, since whoever sits in between can take the offer away (RFC 8314).
 */
export function createSmtpTransport({ server, password, from, ca }: SmtpOptions): MailTransport {
  const { host, port, security, user } = server;
  if (user !== undefined && password === undefined)
    throw new Error(`the mail server wants the password of ${user}: set PUB_REGISTRY_SMTP_PASSWORD`);
  const transporter = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
    ...(user !== undefined && { auth: { user, pass: password as string } }),
    connectionTimeout: longestConnecting,
    greetingTimeout: longestConnecting,
    socketTimeout: longestSending,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  });
  return {
    async send(mail) {
      try {
        await transporter.sendMail({
          ...compose(mail, from()),
          signal: AbortSignal.timeout(longestSending),
        });
      } catch (error) {
        throw smtpFailure(error);
      }
    },
  };
}

/** Codes only: what a server answers repeats the address it is about. */
function smtpFailure(error: unknown): MailFailure {
  const { code, responseCode } = error as { code?: string; responseCode?: number };
  const what = [code ?? 'unknown', responseCode].filter(Boolean).join(' ');
  const thisMailOnly = code === 'EENVELOPE' || code === 'EMESSAGE';
  return new MailFailure(`the mail server did not take it: ${what}`, { cause: error, thisMailOnly });
}

/** Addresses as objects: text would be parsed, and could name a second one. */
function compose(mail: OutgoingMail, from: string): SendMailOptions {
  return {
    from: { name: '', address: from },
    to: { name: '', address: mail.to },
    envelope: { from, to: [mail.to] },
    messageId: mail.messageId,
    date: new Date(mail.at),
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    // RFC 3834 §5: nobody's holiday notice should answer this.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

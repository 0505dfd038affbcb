import { homedir } from 'node:os';
import { join } from 'node:path';
import { createPasswords } from './accounts/passwords.ts';
import { openSeedKeys } from './accounts/second-factor/seed-keys.ts';
import { Background } from './background.ts';
import type { SmtpServer } from './mail/smtp-url.ts';
import type { MailTransport } from './mail/transport.ts';
import { createFolderTransport, createSmtpTransport } from './mail/transports.ts';
import { cargoEcosystem } from './protocols/cargo/ecosystem.ts';
import { npmEcosystem } from './protocols/npm/ecosystem.ts';
import { openSigningKeys } from './releases/signing-keys.ts';
import type { Services, Settings } from './services.ts';
import { openBlobFolder } from './store/blobs.ts';
import { openDatabase } from './store/database.ts';

/** Builds the real services over one data folder. The only file that touches the process's surroundings. */

/** 256 MiB: above what npm's own registry takes. */
const maximumArchiveBytes = 256 * 1024 * 1024;

/** Seven days: npm's default for a token that may write (facts of 2026-11). */
const loginTokenLifetime = 7 * 24 * 60 * 60 * 1_000;

export interface Folders {
  readonly database: string;
  readonly blobs: string;
  readonly seedKeys: string;
  readonly signingKeys: string;
  /** Mail that no server was there for. */
  readonly mail: string;
}

/** What lies where in a data folder. */
export function foldersIn(data: string): Folders {
  return {
    database: join(data, 'registry.sqlite'),
    blobs: join(data, 'blobs'),
    seedKeys: join(data, 'seed-keys'),
    signingKeys: join(data, 'signing-keys'),
    mail: join(data, 'mail'),
  };
}

export async function openServices(
  data: string,
  settings: Pick<Settings, 'registration' | 'publicUrl'> & Partial<Pick<Settings, 'cargoAuthRequired'>>,
): Promise<Services & { close(): Promise<void> }> {
  const folders = foldersIn(data);
  const database = await openDatabase(folders.database);
  const log = (line: string) => void process.stderr.write(`${new Date().toISOString()} ${line}\n`);
  const background = new Background((error) => log(`work beside a request failed: ${describe(error)}`));
  return {
    database,
    background,
    blobs: await openBlobFolder(folders.blobs),
    passwords: await createPasswords(),
    seedKeys: openSeedKeys(folders.seedKeys),
    signingKeys: openSigningKeys(folders.signingKeys),
    ecosystems: { npm: npmEcosystem, cargo: cargoEcosystem(settings.publicUrl) },
    clock: Date.now,
    settings: {
      maximumArchiveBytes,
      loginTokenLifetime,
      issuer: 'pub-registry',
      cargoAuthRequired: false,
      ...settings,
    },
    log,
    async close() {
      await background.settled();
      await database.close();
    },
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

export interface MailOptions {
  /** Without one, mail is kept in the data folder. */
  readonly server: SmtpServer | undefined;
  /** The sender; by default `pub-registry` at the registry's host. */
  readonly from: string | undefined;
}

/** The password is taken from the environment: an argument is in the list of processes. */
export function openMailTransport(
  data: string,
  { settings, log }: Pick<Services, 'settings' | 'log'>,
  { server, from }: MailOptions,
): MailTransport {
  const sender = () => from ?? `pub-registry@${hostNameOf(settings.publicUrl())}`;
  if (server === undefined) return createFolderTransport({ folder: foldersIn(data).mail, from: sender, log });
  const password = process.env['PUB_REGISTRY_SMTP_PASSWORD'];
  return createSmtpTransport({ server, password, from: sender });
}

/** An address of numbers is no domain for mail. */
function hostNameOf(url: string): string {
  const host = URL.parse(url)?.hostname ?? '';
  return /[a-z]/i.test(host) && !host.startsWith('[') ? host : 'localhost';
}

/** Where a program of this platform keeps its data: XDG Base Directory, Apple's and Microsoft's folders. */
export function defaultDataFolder(): string {
  const { XDG_DATA_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'pub-registry');
  if (process.platform === 'win32')
    return join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'pub-registry');
  return join(XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'pub-registry');
}

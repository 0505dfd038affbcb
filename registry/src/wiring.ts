import { homedir } from 'node:os';
import { join } from 'node:path';
import { createPasswords } from './accounts/passwords.ts';
import { openSeedKeys } from './accounts/second-factor/seed-keys.ts';
import { Background } from './background.ts';
import { defaultCacheBytes, type UpstreamOptions } from './commands/upstream-options.ts';
import type { SmtpServer } from './mail/smtp-url.ts';
import type { MailTransport } from './mail/transport.ts';
import { cargoEcosystem } from './protocols/cargo/ecosystem.ts';
import { npmEcosystem } from './protocols/npm/ecosystem.ts';
import { openSigningKeys } from './releases/signing-keys.ts';
import type { Services, Settings } from './services.ts';
import { openBlobStore } from './store/blobs.ts';
import { createByteCache } from './store/byte-cache.ts';
import { openDatabase } from './store/database.ts';
import { upstreamCache } from './upstream/cache.ts';
import { noUpstreams, type Upstream, type Upstreams } from './upstream/upstreams.ts';

/** Builds the real services over one data folder. The only file that touches the process's surroundings. */

/** 256 MiB: above what npm's own registry takes. */
const maximumArchiveBytes = 256 * 1024 * 1024;

/** Of memory for whole answers. Most are documents and archives that are in memory anyway. */
const openAnswerBytes = 16 * 1024 * 1024;

/** Of memory for index documents: the 1,000 versions of a large package take one or two, most packages 20 kB. */
const documentBytes = 64 * 1024 * 1024;

/** Seven days: npm's default for a token that may write (facts of 2026-11). */
const loginTokenLifetime = 7 * 24 * 60 * 60 * 1_000;

export interface Folders {
  readonly database: string;
  readonly blobs: string;
  readonly seedKeys: string;
  readonly signingKeys: string;
  /** Mail that no server was there for. */
  readonly mail: string;
  /** What was read from other registries. */
  readonly upstream: string;
}

/** What lies where in a data folder. */
export function foldersIn(data: string): Folders {
  return {
    database: join(data, 'registry.sqlite'),
    blobs: join(data, 'blobs'),
    seedKeys: join(data, 'seed-keys'),
    signingKeys: join(data, 'signing-keys'),
    mail: join(data, 'mail'),
    upstream: join(data, 'upstream'),
  };
}

export async function openServices(
  data: string,
  {
    upstreamCacheBytes = defaultCacheBytes,
    ...settings
  }: Pick<Settings, 'registration' | 'publicUrl'> &
    Partial<Pick<Settings, 'cargoAuthRequired' | 'upstreams'>> & { readonly upstreamCacheBytes?: number },
): Promise<Services & { close(): Promise<void> }> {
  const folders = foldersIn(data);
  const database = await openDatabase(folders.database);
  const log = (line: string) => void process.stderr.write(`${new Date().toISOString()} ${line}\n`);
  const background = new Background((error) => log(`work beside a request failed: ${describe(error)}`));
  const cache = upstreamCache(folders.upstream, { maximumBytes: upstreamCacheBytes, background });
  return {
    database,
    background,
    blobs: await openBlobStore(folders.blobs, database),
    passwords: createPasswords(),
    seedKeys: openSeedKeys(folders.seedKeys),
    signingKeys: openSigningKeys(folders.signingKeys),
    ecosystems: { npm: npmEcosystem, cargo: cargoEcosystem(settings.publicUrl) },
    upstreamCache: cache,
    documents: { ready: createByteCache(documentBytes), underWay: new Map() },
    openAnswers: createByteCache(openAnswerBytes),
    clock: Date.now,
    settings: {
      maximumArchiveBytes,
      loginTokenLifetime,
      issuer: 'pub-registry',
      cargoAuthRequired: false,
      upstreams: noUpstreams,
      ...settings,
    },
    log,
    async close() {
      await cache.close();
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
export async function openMailTransport(
  data: string,
  { settings, log }: Pick<Services, 'settings' | 'log'>,
  { server, from }: MailOptions,
): Promise<MailTransport> {
  const sender = () => from ?? `pub-registry@${hostNameOf(settings.publicUrl())}`;
  const load = () => import('./mail/transports.ts');
  if (server === undefined) {
    const folder = { folder: foldersIn(data).mail, from: sender, log };
    return loadedByFirstMail(async () => (await load()).createFolderTransport(folder));
  }
  const { createSmtpTransport } = await load();
  const password = process.env['PUB_REGISTRY_SMTP_PASSWORD'];
  return createSmtpTransport({ server, password, from: sender });
}

/** The mail library is a fifth of what a start would read. */
function loadedByFirstMail(load: () => Promise<MailTransport>): MailTransport {
  let loading: Promise<MailTransport> | undefined;
  return {
    async send(mail) {
      loading ??= load();
      await (await loading).send(mail);
    },
  };
}

/** An address of numbers is no domain for mail. */
function hostNameOf(url: string): string {
  const host = URL.parse(url)?.hostname ?? '';
  return /[a-z]/i.test(host) && !host.startsWith('[') ? host : 'localhost';
}

/** Tokens are taken from the environment: an argument is in the list of processes. */
export function upstreamsOf(options: UpstreamOptions): Upstreams {
  const { upstream, upstreamScope = new Map(), upstreamArchives = [], localName = [] } = options;
  const at = (url: string, variable: string): Upstream => ({
    url,
    token: tokenIn(variable),
    archivesAt: upstreamArchives,
  });
  const variables = new Map([...upstreamScope.keys()].map((scope) => [tokenVariable(scope), scope]));
  if (variables.size < upstreamScope.size)
    throw new Error('two scopes of --upstream-scope would take their token from one variable');
  return {
    all: upstream === undefined ? undefined : at(upstream, tokenVariable('')),
    scopes: new Map([...upstreamScope].map(([scope, url]) => [scope, at(url, tokenVariable(scope))])),
    local: localName,
  };
}

/** `PUB_REGISTRY_UPSTREAM_TOKEN_ACME_TOOLS` for `@acme-tools`. */
function tokenVariable(scope: string): string {
  return `PUB_REGISTRY_UPSTREAM_TOKEN${scope.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
}

function tokenIn(variable: string): string | undefined {
  const token = process.env[variable];
  if (token === undefined || token === '') return undefined;
  // RFC 6750 §2.1. Its value is in no message.
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) throw new Error(`${variable} does not hold a token`);
  return token;
}

/** Where a program of this platform keeps its data: XDG Base Directory, Apple's and Microsoft's folders. */
export function defaultDataFolder(): string {
  const { XDG_DATA_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'pub-registry');
  if (process.platform === 'win32')
    return join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'pub-registry');
  return join(XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'pub-registry');
}

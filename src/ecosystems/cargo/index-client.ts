import { cratesIoUrl, type RegistryTarget, tokenUrlOf } from '../../config/registry-target.ts';
import { PubError } from '../../errors.ts';
import { webAddress } from '../../http/browser-request.ts';
import { isLoopback } from '../../http/credential-rules.ts';
import type { HttpResponse, Transport } from '../../http/transport.ts';
import { isJsonObject, type JsonObject, parseJsonObject, stringMember } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import { apiRefusal, isSuccess, unexpectedAnswer } from './api-refusal.ts';
import { indexPath } from './crate-name.ts';

/** Where cargo reads the index of crates.io (its `CRATES_IO_HTTP_INDEX`). */
const cratesIoIndex = 'https://index.crates.io/';

/** What `config.json` says, checked. */
export interface IndexConfig {
  /** Where the web API is, without a slash at the end. `undefined` where the registry has none. */
  readonly api: string | undefined;
  /** Every request carries the token, reading ones too. */
  readonly authRequired: boolean;
}

/** One version, as the index has it. */
export interface IndexedVersion {
  readonly version: string;
  /** SHA-256 of the archive, in lower-case hex. */
  readonly checksum: string | undefined;
  readonly yanked: boolean;
}

/** Reads a sparse index. Knows which of its requests carry the token: all or none, as `config.json` says. */
export class IndexClient {
  readonly target: RegistryTarget;
  readonly displayUrl: string;
  /** The registry that the index is a part of, where it lies as `pub-registry` has it. */
  readonly pubUrl: string | undefined;
  readonly #base: string;
  readonly #transport: Transport;
  #config: Promise<IndexConfig> | undefined;
  #begun: Promise<HttpResponse> | undefined;

  constructor(target: RegistryTarget, transport: Transport) {
    this.target = target;
    this.#base = target.url === cratesIoUrl ? cratesIoIndex : target.url.replace(/^sparse\+/, '');
    this.displayUrl = target.url === cratesIoUrl ? 'crates.io' : this.#base.replace(/\/$/, '');
    const tokenUrl = tokenUrlOf(target.url);
    this.pubUrl = tokenUrl === target.url ? undefined : tokenUrl;
    this.#transport = transport;
  }

  /** Asks for `config.json` already, as a stranger, which is how it is asked for first. */
  begin(): void {
    this.#begun ??= this.#get('config.json', undefined);
    // Whoever needs it hears of the failure.
    this.#begun.catch(() => {});
  }

  /** Asked for once. The token goes along only if the registry asked for one. */
  config(token: Secret | undefined): Promise<IndexConfig> {
    this.#config ??= this.#readConfig(token);
    // One that failed is asked for again: the next caller may have a token.
    this.#config.catch(() => {
      this.#config = undefined;
    });
    return this.#config;
  }

  /** The page that a registry which is closed to strangers names for making a token. */
  async loginPage(): Promise<string | undefined> {
    const response = await this.#get('config.json', undefined);
    return response.status === 401 ? loginUrlIn(response.headers['www-authenticate']) : undefined;
  }

  async #readConfig(token: Secret | undefined): Promise<IndexConfig> {
    const attempt = `failed to read the index ${this.displayUrl}`;
    let response = await (this.#begun ?? this.#get('config.json', undefined));
    this.#begun = undefined;
    const challenged = response.status === 401;
    if (challenged) {
      if (token === undefined) throw notLoggedIn(attempt, response);
      response = await this.#get('config.json', token);
    }
    if (response.status === 401) throw notLoggedIn(attempt, response);
    if (response.status === 404) throw noIndex(attempt);
    if (!isSuccess(response)) throw apiRefusal(response, attempt);
    const config = parseJsonObject(response.text);
    if (config === undefined || stringMember(config, 'dl') === undefined) {
      throw unexpectedAnswer(attempt, 'its config.json is none');
    }
    return {
      api: this.#apiOf(config, attempt),
      authRequired: challenged || config['auth-required'] === true,
    };
  }

  /**
   * The index says where its API is, and the token goes there: so what says it must have come unchanged, and where the
   * token is that of a whole registry, the API must be a part of it.
   */
  #apiOf(config: JsonObject, attempt: string): string | undefined {
    const text = stringMember(config, 'api');
    if (text === undefined) return undefined;
    const url = URL.parse(text);
    const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
    if (url === null || !isWeb || url.username || url.password || url.search || url.hash) {
      throw unexpectedAnswer(attempt, 'the address of its API is not one');
    }
    const index = new URL(this.#base);
    if (this.pubUrl !== undefined && !url.href.startsWith(this.pubUrl)) {
      throw unexpectedAnswer(attempt, `its API is not below ${this.pubUrl}, where its token belongs`);
    }
    if (url.origin !== index.origin && index.protocol !== 'https:' && !isLoopback(index)) {
      throw unexpectedAnswer(attempt, 'an index read without encryption names another server for its API');
    }
    return url.href.replace(/\/+$/, '');
  }

  /** The versions of a crate; none for one that is not there. */
  async versions(
    name: string,
    token: Secret | undefined,
    attempt: string,
  ): Promise<readonly IndexedVersion[]> {
    const { authRequired } = await this.config(token);
    const response = await this.#get(indexPath(name), authRequired ? token : undefined);
    if ([404, 410, 451].includes(response.status)) return [];
    if (!isSuccess(response)) throw apiRefusal(response, attempt);
    return response.text.split('\n').flatMap((line) => lineOf(line, name));
  }

  async #get(path: string, token: Secret | undefined): Promise<HttpResponse> {
    return await this.#transport.send({
      method: 'GET',
      url: new URL(path, this.#base),
      // What cargo sends: registries may decide by it.
      headers: { accept: 'text/plain', 'cargo-protocol': 'version=1', 'cache-control': 'no-cache' },
      bareToken: token,
    });
  }
}

/** A line that cannot be read is passed over, as by cargo; the others stand. */
function lineOf(text: string, name: string): readonly IndexedVersion[] {
  const line = text.trim() === '' ? undefined : parseJsonObject(text);
  const version = stringMember(line, 'vers');
  if (!isJsonObject(line) || version === undefined || stringMember(line, 'name') !== name) return [];
  return [{ version, checksum: stringMember(line, 'cksum')?.toLowerCase(), yanked: line['yanked'] === true }];
}

/** A registry of cargo's says on a page of its own where tokens are made. */
function notLoggedIn(attempt: string, { headers }: HttpResponse): PubError {
  const page = loginUrlIn(headers['www-authenticate']);
  const where = page === undefined ? '' : `, with a token from ${page}`;
  return new PubError('E_NOT_LOGGED_IN', attempt, {
    cause: new Error('the registry asks for a token, also for reading'),
    hint: `run \`pub login\`${where}, or check the token in the environment`,
  });
}

/** `Cargo login_url="…"`, if it is fit to be shown and opened. */
function loginUrlIn(challenge: string | undefined): string | undefined {
  const text = /(?:^|,)\s*cargo\s[^,]*?login_url="([^"]{1,500})"/i.exec(challenge ?? '')?.[1];
  return webAddress(text)?.href;
}

function noIndex(attempt: string): PubError {
  return new PubError('E_NOT_FOUND', attempt, {
    cause: new Error('there is no config.json'),
    hint: 'check its URL: a sparse index ends with a slash, and `cargo` reads config.json there too',
  });
}

import type { RegistryTarget } from '../../config/registry-target.ts';
import { PubError } from '../../errors.ts';
import { refusalOf } from '../../http/registry-error.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../http/transport.ts';
import { type JsonObject, parseJsonObject } from '../../json.ts';
import { Secret } from '../../secret.ts';

/** One request of npm's protocol. */
export interface NpmRequest
  extends Pick<HttpRequest, 'token' | 'basicCredential' | 'oneTimePassword' | 'onProgress' | 'receive'> {
  readonly method: HttpRequest['method'];
  /** Relative to the registry, without a leading slash; names already encoded. */
  readonly path: string;
  /** What npm would call the command; some registries decide by it how to challenge. */
  readonly command: string;
  /** Begins the error, such as "failed to list the owners of `a`". */
  readonly attempt: string;
  readonly accept?: string;
  /** Sent as JSON. */
  readonly json?: JsonObject;
  /** As `json`, where a member is a password or a code. */
  readonly secretJson?: JsonObject;
  readonly body?: HttpRequest['body'];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends npm's requests to one registry. Knows addresses and headers, and not what an answer means. */
export class RegistryClient {
  readonly displayUrl: string;
  readonly url: string;
  /** Whether there is a person who can be sent to a browser. */
  readonly browser: boolean;
  readonly #transport: Transport;

  constructor(target: RegistryTarget, transport: Transport, browser = false) {
    this.url = target.url;
    this.displayUrl = target.url.replace(/\/$/, '');
    this.browser = browser;
    this.#transport = transport;
  }

  /** The answer, whatever its status. */
  async ask(request: NpmRequest): Promise<HttpResponse> {
    const { method, path, token, basicCredential, oneTimePassword, onProgress, receive } = request;
    const body = bodyOf(request);
    const isJson = request.json !== undefined || request.secretJson !== undefined;
    const url = new URL(path, this.url);
    // Parts of a path come from answers, and one that reads like an address leads to another host.
    if (url.origin !== new URL(this.url).origin) {
      throw unexpectedAnswer(request.attempt, 'it leads to another host');
    }
    return await this.#transport.send({
      method,
      url,
      headers: {
        accept: request.accept ?? 'application/json',
        'npm-command': request.command,
        // `web` lets a registry answer a challenge with a page to approve on, beside taking codes.
        'npm-auth-type': this.browser ? 'web' : 'legacy',
        ...(isJson ? { 'content-type': 'application/json' } : {}),
        ...request.headers,
      },
      token,
      basicCredential,
      oneTimePassword,
      onProgress,
      receive,
      ...(body === undefined ? {} : { body }),
    });
  }

  /** The answer, if it is a success; otherwise throws what the refusal means. */
  async send(request: NpmRequest): Promise<HttpResponse> {
    const response = await this.ask(request);
    if (!isSuccess(response)) throw refusalOf(response, request.attempt, this.url);
    return response;
  }

  /** As `send`, where the answer must be a JSON object. */
  async read(request: NpmRequest): Promise<JsonObject> {
    const answer = parseJsonObject((await this.send(request)).text);
    if (answer === undefined) throw unexpectedAnswer(request.attempt, 'it is not a JSON object');
    return answer;
  }
}

export function isSuccess({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300;
}

/** An answer that does not say what the protocol promises. `why` is our sentence, never the answer's text. */
export function unexpectedAnswer(attempt: string, why: string): PubError {
  return new PubError('E_REGISTRY', attempt, {
    cause: new Error(`the registry's answer is not understood: ${why}`),
  });
}

/** `@scope%2fname`: a name is one segment of a path, and npm writes the slash in lower case. */
export function packagePath(name: string): string {
  return name.split('/').map(encodeSegment).join('%2f').replace(/^%40/, '@');
}

/** One segment of a path. A dot segment would be resolved away by the URL parser: nothing is sent instead. */
export function encodeSegment(text: string): string {
  if (text === '' || text === '.' || text === '..') {
    throw new PubError('E_USAGE', `\`${text}\` is not a name a registry can be asked about`);
  }
  return encodeURIComponent(text);
}

function bodyOf({ body, json, secretJson }: NpmRequest): HttpRequest['body'] {
  if (secretJson !== undefined) return new Secret(JSON.stringify(secretJson));
  return json === undefined ? body : JSON.stringify(json);
}

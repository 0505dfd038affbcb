import { PubError } from '../../errors.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../http/transport.ts';
import { type Json, type JsonObject, parseJsonObject } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import { apiRefusal, detailsOf, isSuccess, unexpectedAnswer } from './api-refusal.ts';
import type { IndexClient } from './index-client.ts';

/** One request of cargo's web API. */
export interface ApiRequest extends Pick<HttpRequest, 'oneTimePassword' | 'onProgress'> {
  readonly method: HttpRequest['method'];
  /** Below `{api}/api/v1/`; names already checked. */
  readonly path: string;
  /** Begins the error, such as "failed to yank `a@1.0.0` at …". */
  readonly attempt: string;
  readonly token: Secret | undefined;
  readonly json?: Json;
  readonly body?: HttpRequest['body'];
}

/** Sends requests of cargo's web API to the place the index names. */
export class ApiClient {
  readonly index: IndexClient;
  /** Whether there is a person who can be sent to a browser. */
  readonly browser: boolean;
  readonly #transport: Transport;

  constructor(index: IndexClient, transport: Transport, browser: boolean) {
    this.index = index;
    this.browser = browser;
    this.#transport = transport;
  }

  /** The answer, whatever its status. */
  async ask(request: ApiRequest): Promise<HttpResponse> {
    const { method, path, token, json, oneTimePassword, onProgress } = request;
    const { api } = await this.index.config(token);
    if (api === undefined) throw noApi(request.attempt);
    const body = json === undefined ? request.body : JSON.stringify(json);
    return await this.#transport.send({
      method,
      url: new URL(`${api}/api/v1/${path}`),
      headers: {
        accept: 'application/json',
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        // cargo ≥ 1.96; before, it sent none.
        ...(typeof request.body === 'object' ? { 'content-type': 'application/octet-stream' } : {}),
        // `pub-registry` challenges those who say so, and tells cargo, which does not, what to do instead.
        ...(this.index.pubUrl === undefined ? {} : { 'npm-auth-type': this.browser ? 'web' : 'legacy' }),
      },
      bareToken: token,
      oneTimePassword,
      onProgress,
      ...(body === undefined ? {} : { body }),
    });
  }

  /** The answer, if it is a success; otherwise throws what the refusal means. */
  async read(request: ApiRequest): Promise<JsonObject> {
    const response = await this.ask(request);
    if (!isSuccess(response) || detailsOf(response.text) !== undefined) {
      throw apiRefusal(response, request.attempt, this.index.pubUrl);
    }
    if (response.text.trim() === '') return {};
    const answer = parseJsonObject(response.text);
    if (answer === undefined) throw unexpectedAnswer(request.attempt, 'it is not a JSON object');
    return answer;
  }
}

function noApi(attempt: string): PubError {
  return new PubError('E_UNSUPPORTED', attempt, {
    cause: new Error('the index names no API: this registry is for reading only'),
  });
}

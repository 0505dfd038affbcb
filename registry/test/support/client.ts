import type { FastifyInstance, InjectOptions } from 'fastify';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly text: string;
  readonly bytes: Buffer;
  /** The body read as JSON; `undefined` when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked at, not trusted
  readonly body: any;
  /** The `code` of a refusal. */
  readonly code: string | undefined;
}

export interface RequestOptions {
  readonly body?: InjectOptions['payload'] | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `npm-otp`. */
  readonly otp?: string | undefined;
}

type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE' | 'OPTIONS' | 'PATCH';

/** Somebody who sends requests: nobody in particular, or an account through a token. */
export class Client {
  readonly name: string;
  readonly token: string;
  readonly password: string;
  readonly #app: FastifyInstance;
  readonly #address: string;

  constructor(
    app: FastifyInstance,
    who: { name?: string; token?: string; password?: string; address?: string } = {},
  ) {
    this.#app = app;
    this.name = who.name ?? 'anonymous';
    this.token = who.token ?? '';
    this.password = who.password ?? '';
    this.#address = who.address ?? '127.0.0.1';
  }

  /** The same account and token, sending from elsewhere: another address, or to another process. */
  from(change: { address?: string; app?: FastifyInstance; token?: string }): Client {
    return new Client(change.app ?? this.#app, { ...this, address: this.#address, ...change });
  }

  readonly get = (url: string, options?: RequestOptions) => this.send('GET', url, options);
  readonly put = (url: string, body?: RequestOptions['body'], options?: RequestOptions) =>
    this.send('PUT', url, { ...options, body });
  readonly post = (url: string, body?: RequestOptions['body'], options?: RequestOptions) =>
    this.send('POST', url, { ...options, body });
  readonly delete = (url: string, options?: RequestOptions) => this.send('DELETE', url, options);

  async send(method: Method, url: string, options: RequestOptions = {}): Promise<Answer> {
    const { body, headers, otp } = options;
    const response = await this.#app.inject({
      method,
      url,
      remoteAddress: this.#address,
      headers: {
        ...(this.token && { authorization: `Bearer ${this.token}` }),
        ...(otp !== undefined && { 'npm-otp': otp }),
        ...headers,
      },
      ...(body !== undefined && body !== null && { payload: body }),
    });
    const parsed = parse(response.payload);
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.payload,
      bytes: response.rawPayload,
      body: parsed,
      code: parsed?.code,
    };
  }
}

// biome-ignore lint/suspicious/noExplicitAny: see above
function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

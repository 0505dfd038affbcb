import type { FastifyInstance } from 'fastify';
import { address as publicUrl } from './test-registry.ts';

export interface BrowserRequest {
  readonly method: 'GET' | 'POST';
  /** A path, or a whole URL. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface BrowserAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly text: string;
}

export type Send = (request: BrowserRequest) => Promise<BrowserAnswer>;

/** A form as it stands on a page. */
export interface Form {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  /** The words on its button. */
  readonly button: string;
}

export interface Page extends BrowserAnswer {
  /** The path it was found at, after redirects. */
  readonly path: string;
  readonly forms: readonly Form[];
  /** What a person reads: no tags, entities resolved. */
  readonly words: string;
}

/** A browser without script: keeps cookies, follows redirects, sends forms as they stand on the page. */
export class Browser {
  readonly cookies = new Map<string, string>();
  /** The `set-cookie` lines of every answer so far. */
  readonly setCookies: string[] = [];
  readonly #send: Send;
  readonly #origin: string;

  constructor(send: Send, origin = publicUrl) {
    this.#send = send;
    this.#origin = origin;
  }

  /** Somebody else's browser, or the same person's second one, with the same cookies. */
  copy(): Browser {
    const copy = new Browser(this.#send, this.#origin);
    for (const [name, value] of this.cookies) copy.cookies.set(name, value);
    return copy;
  }

  async open(path: string): Promise<Page> {
    return await this.#follow(await this.visit(path), path);
  }

  /** One request, without following where it leads. */
  async visit(path: string): Promise<BrowserAnswer> {
    return await this.#request({ method: 'GET', url: path, headers: {}, body: undefined });
  }

  /** Fills a form in and presses its button. The form with that word on its button, or the only one in the page's content. */
  async submit(page: Page, values: Readonly<Record<string, string>> = {}, button?: string): Promise<Page> {
    const form = findForm(page, button);
    const answer = await this.post(form.action, { ...form.fields, ...values }, { referer: page.path });
    return await this.#follow(answer, form.action);
  }

  /** Sends a form as a browser does; what a test wants otherwise goes into `headers`. */
  async post(
    path: string,
    fields: Readonly<Record<string, string>> | URLSearchParams,
    { referer = '/', headers = {} }: { referer?: string; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<BrowserAnswer> {
    const own = {
      origin: this.#origin,
      'sec-fetch-site': 'same-origin',
      referer: this.#origin + referer,
      'content-type': 'application/x-www-form-urlencoded',
    };
    const body = new URLSearchParams(fields).toString();
    return await this.#request({ method: 'POST', url: path, headers: { ...own, ...headers }, body });
  }

  async #request(request: BrowserRequest): Promise<BrowserAnswer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...request.headers, ...(cookie && { cookie }), 'user-agent': 'test browser' };
    const answer = await this.#send({ ...request, headers });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) this.#keep(String(line));
    return answer;
  }

  #keep(line: string): void {
    this.setCookies.push(line);
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === '' || /max-age=0|expires=thu, 01 jan 1970/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }

  async #follow(answer: BrowserAnswer, path: string, left = 5): Promise<Page> {
    const location = answer.headers['location'];
    if (answer.status < 300 || answer.status >= 400 || typeof location !== 'string' || left === 0) {
      return read(answer, path);
    }
    return await this.#follow(await this.visit(location), location, left - 1);
  }
}

/** A browser in front of an application without a network. */
export function browserAt(app: FastifyInstance, remoteAddress = '127.0.0.1'): Browser {
  return new Browser(async ({ method, url, headers, body }) => {
    const host = new URL(publicUrl).host;
    const payload = body === undefined ? {} : { payload: body };
    const answer = await app.inject({
      method,
      url,
      remoteAddress,
      headers: { host, ...headers },
      ...payload,
    });
    return { status: answer.statusCode, headers: answer.headers, text: answer.payload };
  });
}

/** A browser in front of a running server. */
export function browserOver(origin: string): Browser {
  return new Browser(async ({ method, url, headers, body }) => {
    const answer = await fetch(new URL(url, origin), {
      method,
      headers,
      redirect: 'manual',
      ...(body !== undefined && { body }),
    });
    const plain = { ...Object.fromEntries(answer.headers), 'set-cookie': answer.headers.getSetCookie() };
    return { status: answer.status, headers: plain, text: await answer.text() };
  }, origin);
}

function findForm({ forms, text }: Page, button: string | undefined): Form {
  const others = ['/-/web/search', '/-/web/log-out'];
  // A form for a passkey is of no use without script.
  const own = forms.filter(({ action, fields }) => !others.includes(action) && !('response' in fields));
  const found = button === undefined ? own : forms.filter((form) => form.button === button);
  const [form] = found;
  if (form === undefined || found.length > 1) throw new Error(`${found.length} forms fit\n${text}`);
  return form;
}

function read(answer: BrowserAnswer, path: string): Page {
  const forms = [...answer.text.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(
    ([, tag = '', inside = '']) => ({
      action: attribute(tag, 'action') ?? path,
      fields: Object.fromEntries(
        [...inside.matchAll(/<input\b([^>]*)>/g)].flatMap(([, input = '']) => {
          const name = attribute(input, 'name');
          return name === undefined ? [] : [[name, attribute(input, 'value') ?? '']];
        }),
      ),
      button: plain(/<button\b[^>]*>([\s\S]*?)<\/button>/.exec(inside)?.[1] ?? ''),
    }),
  );
  return { ...answer, path, forms, words: plain(answer.text) };
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  return value === undefined ? undefined : unescaped(value);
}

function plain(html: string): string {
  return unescaped(html.replaceAll(/<[^>]*>/g, ' '))
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function unescaped(text: string): string {
  const names: Record<string, string> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
  return text.replaceAll(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => names[name] as string);
}

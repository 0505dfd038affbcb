import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * A generator of load that takes little of the machine it measures: keep-alive connections over which requests go out
 * as prepared bytes, each after the answer to the one before. It reads as much of an answer as its length takes.
 */
export interface Load {
  readonly url: string;
  readonly connections: number;
  /** The bytes of the next request; `undefined` when there are no more. */
  readonly next: () => Buffer | undefined;
  readonly expectedStatus: number;
  /** Whether other answers are only left uncounted; by default they end the run. */
  readonly mayRefuse?: boolean;
  /** Milliseconds. A connection that is still waiting then gets its answer. */
  readonly duration: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
}

export async function runLoad(load: Load): Promise<LoadResult> {
  const { hostname, port } = new URL(load.url);
  const sockets = Array.from({ length: load.connections }, () => connect(Number(port), hostname));
  try {
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const begun = performance.now();
    const until = begun + load.duration;
    const counts = await Promise.all(sockets.map((socket) => runConnection(socket, load, until)));
    const requests = counts.reduce((sum, count) => sum + count, 0);
    return { requests, perSecond: (requests * 1_000) / (performance.now() - begun) };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

async function runConnection(socket: Socket, load: Load, until: number): Promise<number> {
  socket.setNoDelay(true);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const reader = new AnswerReader();
  let answered = 0;
  const send = () => {
    const request = performance.now() < until ? load.next() : undefined;
    if (request === undefined) resolve(answered);
    else socket.write(request);
  };
  socket.on('data', (chunk: Buffer) => {
    const status = reader.read(chunk);
    if (status === undefined) return;
    if (status !== load.expectedStatus && !load.mayRefuse) {
      reject(new Error(`${load.url} answered ${status}: ${chunk.toString('latin1').slice(0, 1_000)}`));
      return;
    }
    if (status === load.expectedStatus) answered++;
    send();
  });
  socket.on('error', reject);
  socket.on('close', () => reject(new Error(`${load.url} closed the connection`)));
  send();
  return await promise;
}

const endOfHead = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');

/** Finds the end of each answer: by its length, or in chunks by the last of them. */
class AnswerReader {
  #head: Buffer = Buffer.alloc(0);
  #status: number | undefined;
  /** Bytes of the body still to come; `undefined` for one in chunks. */
  #left: number | undefined;
  #tail: Buffer = Buffer.alloc(0);

  /** The status of the answer that ends with `chunk`. */
  read(chunk: Buffer): number | undefined {
    const body = this.#status === undefined ? this.#readHead(chunk) : chunk;
    if (body === undefined || !this.#readBody(body)) return undefined;
    const status = this.#status;
    this.#status = undefined;
    this.#head = this.#tail = Buffer.alloc(0);
    return status;
  }

  #readHead(chunk: Buffer): Buffer | undefined {
    const seen = this.#head.byteLength === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    const end = seen.indexOf(endOfHead);
    if (end === -1) {
      this.#head = seen;
      return undefined;
    }
    const head = seen.toString('latin1', 0, end);
    this.#status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const empty = this.#status === 304 || this.#status === 204;
    this.#left = empty ? 0 : length === undefined ? undefined : Number(length);
    return seen.subarray(end + endOfHead.byteLength);
  }

  #readBody(body: Buffer): boolean {
    if (this.#left !== undefined) {
      this.#left -= body.byteLength;
      return this.#left <= 0;
    }
    this.#tail = Buffer.concat([this.#tail, body.subarray(-lastChunk.byteLength)]).subarray(
      -lastChunk.byteLength,
    );
    return this.#tail.equals(lastChunk);
  }
}

/** A request as it goes over the wire. */
export function requestBytes(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>> = {},
  body?: Uint8Array,
): Buffer {
  const { host, pathname, search } = new URL(url);
  const lines = Object.entries({
    host,
    connection: 'keep-alive',
    ...headers,
    ...(body && { 'content-length': String(body.byteLength) }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`${method} ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
  return body === undefined ? head : Buffer.concat([head, body]);
}

/** The same request again and again. */
export async function runReads(
  url: string,
  headers: Readonly<Record<string, string>>,
  options: { readonly expectedStatus?: number; readonly duration: number; readonly connections?: number },
): Promise<LoadResult> {
  const { expectedStatus = 200, duration, connections = 16 } = options;
  const request = requestBytes('GET', url, headers);
  return await runLoad({ url, connections, next: () => request, expectedStatus, duration });
}

import { noteDeadBytes } from '../dead-bytes.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import { version } from '../version.ts';
import type { Upstream } from './upstreams.ts';

/** One GET to an upstream. Nothing of the request that led to it goes along. */
export interface Question {
  readonly url: string;
  readonly accept: string;
  readonly etag?: string | undefined;
  /** Whether the other origins of the upstream may answer. */
  readonly archive: boolean;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly etag: string | undefined;
  /** The body, decoded. Reading fails beyond `maximumBytes`, and when nothing comes for a while. */
  read(maximumBytes: number): AsyncIterable<Uint8Array>;
}

/** Milliseconds. The whole of an archive may take as long as an upload here. */
const limits = { answer: 10_000, silence: 30_000, whole: 30 * 60 * 1_000 } as const;
/** How long an upstream that did not answer is left alone, in milliseconds. */
const silentFor = 30_000;
const mostRedirects = 5;

/** Asks, and hands the answer to `use`; the connection is given up when that is done, read or not. */
export async function askUpstream<T>(
  upstream: Upstream,
  question: Question,
  use: (answer: UpstreamAnswer) => Promise<T>,
): Promise<T> {
  const stopwatch = createStopwatch();
  try {
    const response = await follow(upstream, question, stopwatch);
    stopwatch.progress();
    return await use({
      status: response.status,
      etag: etagOf(response),
      read: (maximumBytes) => readBody(response, maximumBytes, stopwatch),
    });
  } finally {
    stopwatch.stop();
  }
}

/**
 * Does `work`, which asks an upstream, unless that one was silent just now: an installation asks for hundreds
 * of packages, and each would wait for it.
 */
export async function whileItAnswers<T>(
  { upstreamCache, clock }: Pick<Services, 'upstreamCache' | 'clock'>,
  { url }: Upstream,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await upstreamCache.inTurn(async () => {
      if (clock() < (upstreamCache.silentUntil.get(url) ?? 0)) throw noAnswer('it did not answer just now');
      const done = await work();
      upstreamCache.silentUntil.delete(url);
      return done;
    });
  } catch (error) {
    if (error instanceof Refusal && error.cause instanceof Silence) {
      upstreamCache.silentUntil.set(url, clock() + silentFor);
    }
    throw error;
  }
}

/** Not an answer that was no good: none. */
class Silence extends Error {
  override readonly name = 'Silence';
}

function silence(error: unknown, signal: AbortSignal): Refusal {
  if (error instanceof Refusal) return error;
  const reason = describe(signal.aborted ? signal.reason : error);
  return noAnswer(reason, new Silence(reason, { cause: error }));
}

export function noAnswer(reason: string, cause?: unknown): Refusal {
  const text = `the registry that this one reads from gave no usable answer (${reason})`;
  return new Refusal('upstream_unavailable', text, { retryAfter: 30, cause });
}

type Stopwatch = ReturnType<typeof createStopwatch>;

/** Ends the request when its answer, the next piece of it or the whole takes too long. */
function createStopwatch() {
  const controller = new AbortController();
  const end = (what: string) => controller.abort(new Error(`${what} took too long`));
  const whole = setTimeout(end, limits.whole, 'all of it');
  let next = setTimeout(end, limits.answer, 'the answer');
  return {
    signal: controller.signal,
    progress() {
      clearTimeout(next);
      next = setTimeout(end, limits.silence, 'the next piece');
    },
    stop() {
      clearTimeout(whole);
      clearTimeout(next);
      controller.abort(new Error('it was given up'));
    },
  };
}

/** Where an answer leads elsewhere, only as far as the operator allowed: no other host is ever spoken to. */
async function follow(upstream: Upstream, question: Question, { signal }: Stopwatch): Promise<Response> {
  let url = permitted(upstream, question, question.url);
  for (let left = mostRedirects; left >= 0; left--) {
    const headers = headersFor(upstream, question, url);
    const response = await fetch(url, { headers, signal, redirect: 'manual' }).catch((error: unknown) => {
      throw silence(error, signal);
    });
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    url = permitted(upstream, question, URL.parse(location, url.href)?.href ?? '');
  }
  throw noAnswer(`more than ${mostRedirects} redirects`);
}

function permitted(upstream: Upstream, { archive }: Question, text: string): URL {
  const url = URL.parse(text);
  const origins = [new URL(upstream.url).origin, ...(archive ? upstream.archivesAt : [])];
  if (url !== null && origins.includes(url.origin) && !url.username && !url.password) return url;
  throw noAnswer('it points to a host that is not the one configured');
}

/** The token goes below the configured address alone: not to another path of the host, not to another host. */
function headersFor(
  { url: base, token }: Upstream,
  { accept, etag }: Question,
  url: URL,
): Record<string, string> {
  return {
    accept,
    'user-agent': `pub-registry/${version}`,
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(token !== undefined && url.href.startsWith(base) && { authorization: `Bearer ${token}` }),
  };
}

async function* readBody(
  { headers, body }: Response,
  maximumBytes: number,
  stopwatch: Stopwatch,
): AsyncGenerator<Uint8Array> {
  const tooLarge = () => noAnswer(`more than ${maximumBytes} bytes`);
  if (Number(headers.get('content-length') ?? 0) > maximumBytes) throw tooLarge();
  let size = 0;
  try {
    for await (const chunk of body ?? []) {
      stopwatch.progress();
      // Counted as decoded: what was sent compressed may be a bomb.
      size += chunk.byteLength;
      if (size > maximumBytes) throw tooLarge();
      yield chunk;
      noteDeadBytes(chunk.byteLength);
    }
  } catch (error) {
    throw silence(error, stopwatch.signal);
  }
}

function etagOf({ headers }: Response): string | undefined {
  const etag = headers.get('etag');
  return etag !== null && /^(?:W\/)?"[\x21\x23-\x7e]{0,200}"$/.test(etag) ? etag : undefined;
}

/** A reason for the operator, in the system's words where it has some: `ECONNREFUSED`. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return (code ?? error.message).slice(0, 200).replaceAll(/[^\x20-\x7e]/g, '?');
}

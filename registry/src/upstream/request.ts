import { noteDeadBytes } from '../dead-bytes.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import { version } from '../version.ts';
import { noAnswer } from './no-answer.ts';
import { createStopwatch, type Stopwatch } from './stopwatch.ts';
import type { Upstream } from './upstreams.ts';

/** One GET to an upstream. Nothing of the request that led to it goes along. */
export interface Question {
  readonly url: string;
  readonly accept: string;
  readonly etag?: string | undefined;
  /** Whether the other origins of the upstream may answer, and it may take as long as an archive. */
  readonly archive: boolean;
  /** Aborted when nobody waits for the answer: it is not asked then, if that has not happened yet. */
  readonly unwanted: AbortSignal;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly etag: string | undefined;
  /** The body, decoded. Reading fails beyond `maximumBytes`, and when nothing comes for a while. */
  read(maximumBytes: number): AsyncIterable<Uint8Array>;
}

/** Milliseconds. The whole of an archive may take as long as an upload here. */
const limitsFor = ({ archive }: Question) => ({
  answer: 10_000,
  silence: 30_000,
  whole: archive ? 30 * 60 * 1_000 : 60_000,
});
/** How long a host that did not answer is left alone, in milliseconds. */
const silentFor = 30_000;
const mostRedirects = 5;

type Parts = Pick<Services, 'upstreamCache' | 'clock' | 'log' | 'background'>;

/** Asks, and hands the answer to `use`; the connection is given up when that is done, read or not. */
export async function askUpstream<T>(
  parts: Parts,
  upstream: Upstream,
  question: Question,
  use: (answer: UpstreamAnswer) => Promise<T>,
): Promise<T> {
  const { turnsOf, closing } = parts.upstreamCache;
  const { archives, metadata } = turnsOf(upstream.url);
  const inTurn = question.archive ? archives : metadata;
  return await inTurn(
    async () => {
      const stopwatch = createStopwatch(limitsFor(question), closing);
      try {
        const response = await follow(parts, upstream, question, stopwatch);
        stopwatch.progress();
        if (response.status === 401) logLostToken(parts, upstream);
        return await use({
          status: response.status,
          etag: etagOf(response),
          read: (maximumBytes) => readBody(parts, response, maximumBytes, stopwatch),
        });
      } finally {
        stopwatch.stop();
      }
    },
    AbortSignal.any([question.unwanted, closing]),
  );
}

function logLostToken({ background, clock, log }: Parts, { url, token }: Upstream): void {
  const text = token === undefined ? 'it wants a token' : 'it does not take the token';
  background.runOnceAnHour(`upstream token ${url}`, clock(), async () =>
    log(`upstream ${url}: it answered with 401: ${text}`),
  );
}

/** Where an answer leads elsewhere, only as far as the operator allowed: no other host is ever spoken to. */
async function follow(
  parts: Parts,
  upstream: Upstream,
  question: Question,
  stopwatch: Stopwatch,
): Promise<Response> {
  let url = permitted(upstream, question, question.url);
  for (let left = mostRedirects; left >= 0; left--) {
    const response = await speakTo(parts, url, headersFor(upstream, question, url), stopwatch);
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

/**
 * Unless that host was silent just now: an installation asks for hundreds of packages, and each would wait for it. An
 * answer that is no good is no silence: it says nothing of the next one.
 */
async function speakTo(
  parts: Parts,
  url: URL,
  headers: Record<string, string>,
  stopwatch: Stopwatch,
): Promise<Response> {
  const { silentUntil } = parts.upstreamCache;
  if (parts.clock() < (silentUntil.get(url.origin) ?? 0)) throw noAnswer('it did not answer just now');
  try {
    const response = await fetch(url, { headers, signal: stopwatch.signal, redirect: 'manual' });
    silentUntil.delete(url.origin);
    return response;
  } catch (error) {
    noteSilence(parts, url.origin);
    throw failure(error, stopwatch);
  }
}

function noteSilence({ upstreamCache, clock }: Parts, origin: string): void {
  upstreamCache.silentUntil.set(origin, clock() + silentFor);
}

async function* readBody(
  parts: Parts,
  { headers, body, url }: Response,
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
    if (stopwatch.heardNothing) noteSilence(parts, new URL(url).origin);
    throw failure(error, stopwatch);
  }
}

function etagOf({ headers }: Response): string | undefined {
  const etag = headers.get('etag');
  return etag !== null && /^(?:W\/)?"[\x21\x23-\x7e]{0,200}"$/.test(etag) ? etag : undefined;
}

function failure(error: unknown, { signal }: Stopwatch): Refusal {
  if (error instanceof Refusal) return error;
  return noAnswer(describe(signal.aborted ? signal.reason : error), error);
}

/** A reason for the operator, in the system's words where it has some: `ECONNREFUSED`. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return (code ?? error.message).slice(0, 200).replaceAll(/[^\x20-\x7e]/g, '?');
}

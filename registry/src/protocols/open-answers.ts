import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Services } from '../services.ts';
import type { Look } from '../store/recall.ts';
import { matchesEtag } from './matches-etag.ts';
import type { OpenAnswer } from './open-answer.ts';

/**
 * Whole answers that everybody gets, kept as a shared cache before the registry would keep them (RFC 9111), with one
 * rule more: an answer stands for one state of the database, and is sent only while a look finds it in that state.
 *
 * So only an answer goes in that says `public` of itself, to a GET without a token and without a range; and its key is
 * the URL with the headers that choose, as they were sent. Whoever comes with a token is answered anew.
 */

/** What is sent, with the headers that only an answer with a body has. `reply` has all others. */
interface Whole {
  readonly reply: FastifyReply;
  readonly etag: string;
  readonly content: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** Takes an answer in, if it is one for everybody. */
export type Keep = (whole: Whole) => void;

type Make = (
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  reading: { readonly look: Look; readonly keep: Keep | undefined },
) => Promise<unknown>;

/** A handler that sends what is kept, and otherwise makes the answer. */
export function keepingOpen(make: Make) {
  return (services: Services, request: FastifyRequest, reply: FastifyReply): Promise<unknown> | undefined => {
    const look = services.database.look();
    const key = keyOf(request);
    if (key === undefined) return make(services, request, reply, { look, keep: undefined });
    const kept = services.openAnswers.get(key);
    if (kept?.version === look.version && kept.address === services.settings.publicUrl()) {
      send(kept, request, reply);
      return undefined;
    }
    return make(services, request, reply, { look, keep: keeper(services, key, look.version) });
  };
}

/** Longer keys come from no client we know. */
const longestKey = 1_000;

/** Nothing where more than the key would decide the answer. */
function keyOf({ method, raw, headers }: FastifyRequest): string | undefined {
  if (method !== 'GET' || headers.authorization !== undefined || headers.range !== undefined)
    return undefined;
  // What `vary` names besides the token. No line break is in any of them.
  const key = `${raw.url}\n${headers.accept ?? ''}\n${headers['accept-encoding'] ?? ''}`;
  return key.length > longestKey ? undefined : key;
}

/** Past the framework, which would look at each header and at the kind of body once more. */
function send(kept: OpenAnswer, request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  if (matchesEtag(request, kept.etag)) reply.raw.writeHead(304, kept.unmodified).end();
  else reply.raw.writeHead(200, kept.headers).end(kept.body);
}

/** `version` was looked at before the answer was made: if somebody commits meanwhile, it is never sent again. */
function keeper({ openAnswers, settings }: Services, key: string, version: number): Keep {
  const address = settings.publicUrl();
  return ({ reply, etag, content, body }) => {
    const unmodified = reply.getHeaders() as OutgoingHttpHeaders;
    if (!String(unmodified['cache-control']).startsWith('public, ')) return;
    const headers = { ...unmodified, ...content, 'content-length': body.byteLength };
    openAnswers.set(key, { version, address, etag, unmodified, headers, body }, body.byteLength);
  };
}

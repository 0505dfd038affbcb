import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../../errors.ts';
import type { Document } from '../../../packages/document.ts';
import { parsePackageName } from '../../../packages/package-name.ts';
import { prepareDocument, sizeOf } from '../../../packages/prepare-document.ts';
import type { Services } from '../../../services.ts';
import { foreignSource } from '../../../upstream/foreign-names.ts';
import { hasUpstreams } from '../../../upstream/upstreams.ts';
import { setCaching } from '../../caching.ts';
import { matchesEtag } from '../../matches-etag.ts';
import { parameter, queryParameter, requireActor } from '../../request.ts';
import { sendDocument, sentUnchanged } from '../../send-document.ts';
import { withAddress } from '../index-entry.ts';
import { abbreviatedType } from '../read.ts';
import { findForeignArchive, knownArchive, openForeignArchive } from './archives.ts';
import type { ForeignPackage, KeptPackument } from './kept-packument.ts';
import { foreignPackument } from './packuments.ts';

/** What an installing client reads of packages that are not here: another registry's, passed on. */

type Handler = (
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<unknown> | undefined;
type ForeignHandler = (
  services: Services,
  source: ForeignPackage,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<unknown>;

/** Answers with `local` whatever belongs here, and everything where there is no upstream. */
export function orUpstream(local: Handler, foreign: ForeignHandler): Handler {
  const choose: Handler = async (services, request, reply) => {
    const source = await sourceOf(services, request, reply);
    if (source === undefined) return await local(services, request, reply);
    // What the operator's token may read is for the people of this registry, and for nobody else.
    if (!isShared(source)) await requireActor(services, request);
    return await foreign(services, source, request, reply);
  };
  return (services, request, reply) =>
    (hasUpstreams(services.settings.upstreams) ? choose : local)(services, request, reply);
}

async function sourceOf(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<ForeignPackage | undefined> {
  const name = parameter(request, 'name');
  try {
    parsePackageName(name.toLowerCase());
  } catch {
    return undefined;
  }
  const upstream = await foreignSource(services, { ecosystem: 'npm', name });
  return upstream && { upstream, name, asker: untilClosed(reply) };
}

function untilClosed({ raw }: FastifyReply): AbortSignal {
  const closed = new AbortController();
  raw.once('close', () => closed.abort());
  return closed.signal;
}

/** `GET /<package>` */
export async function getForeignPackument(
  services: Services,
  source: ForeignPackage,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  if (queryParameter(request, 'write') === 'true') {
    throw new Refusal(
      'upstream_name',
      `${source.name} is read from another registry: it cannot be changed here`,
    );
  }
  const abbreviated = request.headers.accept?.includes(abbreviatedType) === true;
  const form = abbreviated ? 'abbreviated' : 'full';
  const packument = await foreignPackument(services, source, form);
  const age = Math.max(0, Math.round((services.clock() - packument.checkedAt) / 1_000));
  const etag = etagOf(packument, services.settings.publicUrl());
  const answer = {
    type: `${abbreviated ? abbreviatedType : 'application/json'}; charset=utf-8`,
    shared: isShared(source),
    vary: 'accept, authorization',
  };
  reply.header('age', String(age));
  // Preparing a large one takes a second.
  if (sentUnchanged(request, reply, { ...answer, etag })) return reply;
  const document = await prepared(services, source, { packument, etag });
  return sendDocument(request, reply, { ...answer, document });
}

/** It is made of nothing else. */
function etagOf({ about }: KeptPackument, address: string): string {
  return createHash('sha256').update(`${about.etag} ${address}`).digest('base64url');
}

/** With this registry's address, and compressed once for all who read it. */
async function prepared(
  { upstreamCache: cache, settings }: Services,
  { asker }: ForeignPackage,
  { packument, etag }: { packument: KeptPackument; etag: string },
): Promise<Document> {
  const known = cache.prepared.get(etag);
  if (known !== undefined) return known;
  return await cache.once(`prepared ${etag}`, asker, async () => {
    const document = { ...(await prepareDocument(withAddress(packument.body, settings.publicUrl()))), etag };
    cache.prepared.set(etag, document, sizeOf(document));
    return document;
  });
}

/** `GET /<package>/-/<file>.tgz` */
export async function getForeignArchive(
  services: Services,
  source: ForeignPackage,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const archive = await findForeignArchive(services, source, parameter(request, 'file'));
  setCaching(reply, isShared(source), 'no-cache').header('vary', 'authorization');
  const known = await knownArchive(services, source, archive);
  if (known !== undefined && matchesEtag(request, `"${known.sha256}"`)) {
    return reply.header('etag', `"${known.sha256}"`).code(304).send();
  }
  const { sha256, size, content } = await openForeignArchive(services, source, archive);
  reply.header('etag', `"${sha256}"`).type('application/octet-stream').header('content-length', size);
  return reply.send(content);
}

/** What a token of the operator's reads is for the people of this registry. */
function isShared({ upstream }: ForeignPackage): boolean {
  return upstream.token === undefined;
}

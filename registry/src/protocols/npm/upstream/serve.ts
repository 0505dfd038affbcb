import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../../errors.ts';
import { parsePackageName } from '../../../packages/package-name.ts';
import type { Services } from '../../../services.ts';
import { foreignSource } from '../../../upstream/foreign-names.ts';
import { matchesEtag } from '../../matches-etag.ts';
import { parameter, queryParameter, requireActor } from '../../request.ts';
import { withAddress } from '../index-entry.ts';
import { abbreviatedType } from '../read.ts';
import { keepForeignArchive, openForeignArchive } from './archives.ts';
import { type ForeignPackage, foreignPackument } from './packuments.ts';

/** What an installing client reads of packages that are not here: another registry's, passed on. */

type Handler = (services: Services, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
type ForeignHandler = (
  services: Services,
  source: ForeignPackage,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<unknown>;

/** Answers with `local` whatever belongs here, and everything where there is no upstream. */
export function orUpstream(local: Handler, foreign: ForeignHandler): Handler {
  return async (services, request, reply) => {
    const source = await sourceOf(services, request);
    if (source === undefined) return await local(services, request, reply);
    // What the operator's token may read is for the people of this registry, and for nobody else.
    if (source.upstream.token !== undefined) await requireActor(services, request);
    return await foreign(services, source, request, reply);
  };
}

async function sourceOf(services: Services, request: FastifyRequest): Promise<ForeignPackage | undefined> {
  const name = parameter(request, 'name');
  try {
    parsePackageName(name.toLowerCase());
  } catch {
    return undefined;
  }
  const upstream = await foreignSource(services, { ecosystem: 'npm', name });
  return upstream && { upstream, name };
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
  const { about, body, checkedAt } = await foreignPackument(
    services,
    source,
    abbreviated ? 'abbreviated' : 'full',
  );
  const address = services.settings.publicUrl();
  const etag = `"${createHash('sha256')
    .update(about.etag + address)
    .digest('base64url')}"`;
  reply
    .header('cache-control', `${audienceOf(source)}, no-cache`)
    .header('age', String(Math.max(0, Math.round((services.clock() - checkedAt) / 1_000))))
    .header('vary', 'accept, authorization')
    .header('etag', etag);
  if (matchesEtag(request, etag)) return reply.code(304).send();
  return reply
    .type(`${abbreviated ? abbreviatedType : 'application/json'}; charset=utf-8`)
    .send(withAddress(body, address));
}

/** `GET /<package>/-/<file>.tgz` */
export async function getForeignArchive(
  services: Services,
  source: ForeignPackage,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const sha256 = await keepForeignArchive(services, source, parameter(request, 'file'));
  reply
    .header('cache-control', `${audienceOf(source)}, no-cache`)
    .header('vary', 'authorization')
    .header('etag', `"${sha256}"`);
  if (matchesEtag(request, `"${sha256}"`)) return reply.code(304).send();
  const { size, content } = await openForeignArchive(services, sha256);
  return reply.type('application/octet-stream').header('content-length', size).send(content);
}

function audienceOf({ upstream }: ForeignPackage): 'public' | 'private' {
  return upstream.token === undefined ? 'public' : 'private';
}

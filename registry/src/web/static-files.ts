import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';
import { assets } from './assets.ts';

/** A year, the longest there is a use for (RFC 8246: the content of this URL never changes). */
const forEver = 'public, max-age=31536000, immutable';

/** Serves the files pages load, each under its digest alone. */
export function addStaticFiles(app: FastifyInstance): void {
  app.get('/-/web/static/:digest/:name', async (request: FastifyRequest, reply: FastifyReply) => {
    const { name } = request.params as { name: string };
    const asset = assets().get(name);
    if (asset?.url !== request.url) throw new Refusal('not_found', 'there is no such file');
    return await reply
      .header('cache-control', forEver)
      .header('cross-origin-resource-policy', 'same-origin')
      .type(asset.type)
      .send(asset.bytes);
  });
}

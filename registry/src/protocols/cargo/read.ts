import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Services } from '../../services.ts';
import { matchesEtag } from '../matches-etag.ts';
import { parameter } from '../request.ts';
import { indexPath, isCrateName } from './crate-name.ts';
import { readIndexFile } from './index-document.ts';
import { noSuchCrate, readableCrate, readerOf, setCaching } from './reader.ts';
import { indexConfig } from './urls.ts';

/** What cargo reads to resolve and to build. Nothing here writes, so nothing here waits for a writer. */

/** `GET /cargo/index/config.json`. cargo never asks whether it changed, and fetches it for each command. */
export async function getIndexConfig(services: Services, request: FastifyRequest) {
  const { publicUrl, cargoAuthRequired } = services.settings;
  await readerOf(services, request);
  return indexConfig(publicUrl(), cargoAuthRequired);
}

/** `GET /cargo/index/<shard>/<crate>`: 200, 304 and 404 are all cargo understands here. */
export async function getIndexFile(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const reader = await readerOf(services, request);
  const path = parameter(request, '*');
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!isCrateName(name) || indexPath(name) !== path) throw noSuchCrate();
  const crate = await readableCrate(services, reader, name);
  // The one with the other dash is another file: cargo looks for each spelling.
  if (crate.name.toLowerCase() !== name) throw noSuchCrate();
  const file = await readIndexFile(services.database.read, crate.id);
  if (file === undefined) throw noSuchCrate();
  setCaching(services, reply, crate, 'no-cache').header('etag', file.etag);
  if (matchesEtag(request, file.etag)) return reply.code(304).send();
  return reply.type('text/plain; charset=utf-8').send(file.body);
}

/** `GET /cargo/api/v1/crates/<crate>/<version>/download`: bytes that never change under this URL. */
export async function getCrate(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const reader = await readerOf(services, request);
  const crate = await readableCrate(services, reader, parameter(request, 'name'));
  const release = await services.database.read
    .selectFrom('releases')
    .select('sha256')
    .where('package_id', '=', crate.id)
    .where('version', '=', parameter(request, 'version'))
    .where('state', '=', 'published')
    .executeTakeFirst();
  if (release === undefined) throw noSuchCrate();
  const etag = `"${release.sha256}"`;
  setCaching(services, reply, crate, 'max-age=31536000, immutable').header('etag', etag);
  if (matchesEtag(request, etag)) return reply.code(304).send();
  const blob = await services.blobs.open(release.sha256);
  if (blob === undefined) throw new Error(`the blob ${release.sha256} is missing`);
  return reply.type('application/gzip').header('content-length', blob.size).send(blob.content);
}

/** `GET /cargo/me`: where `cargo login` sends people. A page, so it may lead elsewhere. */
export async function getMe(_services: Services, _request: FastifyRequest, reply: FastifyReply) {
  return reply.redirect('/-/web/security/tokens', 302);
}

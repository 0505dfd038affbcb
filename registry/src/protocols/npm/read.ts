import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import { unscoped } from '../../packages/package-name.ts';
import type { Services } from '../../services.ts';
import type { PackageRecord } from '../../store/schema.ts';
import { parameter, readablePackage } from '../request.ts';
import { type PackumentForm, readPackument } from './packument.ts';

/** What an installing client reads. Nothing here writes, so nothing here waits for a writer. */

/** Media type of the abbreviated packument; npm's, from its package-metadata document. */
export const abbreviatedType = 'application/vnd.npm.install-v1+json';

/** `GET /<package>` */
export async function getPackument(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const record = await readablePackage(services, request);
  const form: PackumentForm = request.headers.accept?.includes(abbreviatedType) ? 'abbreviated' : 'full';
  const packument = await readPackument(
    services.database.read,
    record.id,
    form,
    services.settings.publicUrl(),
  );
  if (packument === undefined) throw new Error(`package ${record.id} has no ${form} packument`);
  setCaching(reply, record, 'no-cache')
    .header('etag', packument.etag)
    .header('vary', 'accept, authorization');
  if (matches(request, packument.etag)) return reply.code(304).send();
  const type = form === 'abbreviated' ? abbreviatedType : 'application/json';
  return reply.type(`${type}; charset=utf-8`).send(packument.body);
}

/** `GET /<package>/-/<file>.tgz`: bytes that never change under this URL. */
export async function getArchive(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const record = await readablePackage(services, request);
  const release = await services.database.read
    .selectFrom('releases')
    .select('sha256')
    .where('package_id', '=', record.id)
    .where('version', '=', versionInFileName(record.name, parameter(request, 'file')))
    .executeTakeFirst();
  if (release === undefined) throw noSuchArchive();
  setCaching(reply, record, 'max-age=31536000, immutable')
    .header('etag', `"${release.sha256}"`)
    .header('vary', 'authorization');
  if (matches(request, `"${release.sha256}"`)) return reply.code(304).send();
  const blob = await services.blobs.open(release.sha256);
  if (blob === undefined) throw new Error(`the blob ${release.sha256} is missing`);
  return reply.type('application/octet-stream').header('content-length', blob.size).send(blob.content);
}

/** A shared cache may keep what everybody may read, and nothing else. */
function setCaching(reply: FastifyReply, record: PackageRecord, directives: string): FastifyReply {
  return reply.header('cache-control', `${record.access === 'public' ? 'public' : 'private'}, ${directives}`);
}

function matches(request: FastifyRequest, etag: string): boolean {
  const candidates = request.headers['if-none-match']?.split(',') ?? [];
  return candidates.some((candidate) => candidate.trim().replace(/^W\//, '') === etag);
}

function versionInFileName(name: string, file: string): string {
  const prefix = `${unscoped(name)}-`;
  if (!file.startsWith(prefix) || !file.endsWith('.tgz')) throw noSuchArchive();
  return file.slice(prefix.length, -'.tgz'.length);
}

function noSuchArchive(): Refusal {
  return new Refusal('not_found', 'there is no such archive here');
}

import type { FastifyReply, FastifyRequest } from 'fastify';
import { readDocument } from '../../packages/read-document.ts';
import { type Archive, recallArchive } from '../../releases/find-archive.ts';
import type { Services } from '../../services.ts';
import { keepingOpen } from '../open-answers.ts';
import { parameter } from '../request.ts';
import { sendArchive } from '../send-archive.ts';
import { sendDocument } from '../send-document.ts';
import { indexPath, isCrateName } from './crate-name.ts';
import { findCrate } from './find-crate.ts';
import { indexForm } from './index-document.ts';
import {
  indexScopes,
  isShared,
  noSuchCrate,
  type Reader,
  readableCrate,
  readerOf,
  stagingToken,
} from './reader.ts';
import { findStagedArchive, withStaged } from './staged-view.ts';
import { indexConfig } from './urls.ts';

/** What cargo reads to resolve and to build. Nothing here writes, so nothing here waits for a writer. */

/** `GET /cargo/index/config.json`. cargo never asks whether it changed, and fetches it for each command. */
export async function getIndexConfig(services: Services, request: FastifyRequest) {
  const { publicUrl, cargoAuthRequired } = services.settings;
  await readerOf(services, request);
  return indexConfig(publicUrl(), cargoAuthRequired);
}

/** `GET /cargo/index/<shard>/<crate>`: 200, 304 and 404 are all cargo understands here. */
export const getIndexFile = keepingOpen(async (services, request, reply, { look, keep }) => {
  const reader = await readerOf(services, request, look);
  const path = parameter(request, '*');
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!isCrateName(name) || indexPath(name) !== path) throw noSuchCrate();
  const crate = await readableCrate(services, reader, name, indexScopes);
  // The one with the other dash is another file: cargo looks for each spelling.
  if (crate.name.toLowerCase() !== name) throw noSuchCrate();
  const view = { crateId: crate.id, tokenId: stagingToken(services, reader) };
  const published = await readDocument(services, crate, indexForm);
  const document = await withStaged(services.database.read, published, view);
  if (document === undefined) throw noSuchCrate();
  return sendDocument(request, reply, {
    document,
    type: 'text/plain; charset=utf-8',
    shared: isShared(services, crate),
    vary: 'authorization',
    keep,
  });
});

/** `GET /cargo/api/v1/crates/<crate>/<version>/download`: bytes that never change under this URL. */
export const getCrate = keepingOpen(async (services, request, reply, { look, keep }) => {
  const reader = await readerOf(services, request, look);
  const [name, version] = [parameter(request, 'name'), parameter(request, 'version')];
  const staged = await ownStaged(services, reader, { name, version });
  if (staged !== undefined)
    return await sendArchive(services, request, reply, { archive: staged, type: crateType, shared: false });
  const crate = await readableCrate(services, reader, name);
  const archive = await recallArchive(services.database, look, crate.id, version);
  if (archive === undefined) throw noSuchCrate();
  const shared = isShared(services, crate);
  return await sendArchive(services, request, reply, { archive, type: crateType, shared, keep });
});

const crateType = 'application/gzip';

async function ownStaged(
  services: Services,
  reader: Reader,
  { name, version }: { readonly name: string; readonly version: string },
): Promise<Archive | undefined> {
  const { read } = services.database;
  const tokenId = stagingToken(services, reader);
  const crate = tokenId === undefined ? undefined : await findCrate(read, name);
  if (tokenId === undefined || crate === undefined) return undefined;
  return await findStagedArchive(read, version, { crateId: crate.id, tokenId });
}

/** `GET /cargo/me`: where `cargo login` sends people. A page, so it may lead elsewhere. */
export async function getMe(_services: Services, _request: FastifyRequest, reply: FastifyReply) {
  return reply.redirect('/-/web/security/tokens', 302);
}

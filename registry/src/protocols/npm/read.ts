import { Refusal } from '../../errors.ts';
import { unscoped } from '../../packages/package-name.ts';
import { noSuchPackage } from '../../packages/packages.ts';
import { readDocument } from '../../packages/read-document.ts';
import { recallArchive } from '../../releases/find-archive.ts';
import { keepingOpen } from '../open-answers.ts';
import { parameter, readablePackage } from '../request.ts';
import { sendArchive } from '../send-archive.ts';
import { sendDocument } from '../send-document.ts';
import type { PackumentForm } from './packument.ts';

/** What an installing client reads. Nothing here writes, so nothing here waits for a writer. */

/** Media type of the abbreviated packument; npm's, from its package-metadata document. */
export const abbreviatedType = 'application/vnd.npm.install-v1+json';

/** `GET /<package>` */
export const getPackument = keepingOpen(async (services, request, reply, { look, keep }) => {
  const record = await readablePackage(services, request, look);
  const form: PackumentForm = request.headers.accept?.includes(abbreviatedType) ? 'abbreviated' : 'full';
  const document = await readDocument(services, record, form);
  if (document === undefined) throw noSuchPackage(record);
  const type = form === 'abbreviated' ? abbreviatedType : 'application/json';
  return sendDocument(request, reply, {
    document,
    type: `${type}; charset=utf-8`,
    shared: record.access === 'public',
    vary: 'accept, authorization',
    keep,
  });
});

/** `GET /<package>/-/<file>.tgz`: bytes that never change under this URL. */
export const getArchive = keepingOpen(async (services, request, reply, { look, keep }) => {
  const record = await readablePackage(services, request, look);
  const version = versionInFileName(record.name, parameter(request, 'file'));
  const archive = await recallArchive(services.database, look, record.id, version);
  if (archive === undefined) throw noSuchArchive();
  const shared = record.access === 'public';
  const type = 'application/octet-stream';
  return await sendArchive(services, request, reply, { archive, type, shared, keep });
});

export function versionInFileName(name: string, file: string): string {
  const prefix = `${unscoped(name)}-`;
  if (!file.startsWith(prefix) || !file.endsWith('.tgz')) throw noSuchArchive();
  return file.slice(prefix.length, -'.tgz'.length);
}

function noSuchArchive(): Refusal {
  return new Refusal('not_found', 'there is no such archive here');
}

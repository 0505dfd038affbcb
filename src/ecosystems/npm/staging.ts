import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isJsonObject, type Json, stringMember } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import { isCrateName } from '../crate-names.ts';
import type { EcosystemName } from '../ecosystem.ts';
import type { StagedRelease, Staging } from '../staging.ts';
import { archiveFileName, flawOfPackageName } from './package-name.ts';
import { encodeSegment, type RegistryClient, unexpectedAnswer } from './registry-client.ts';
import { isStageId } from './upload.ts';

const command = 'stage';
const perPage = 100;
/** A registry that never stops is not followed for ever. */
const mostPages = 50;

/**
 * npm's staged publishing, in npm's requests (docs/protocol.md, "Staging"). Of `pub-registry`, the lists are of one
 * ecosystem; what is asked for by its id is of any.
 */
export function createStaging(client: RegistryClient, ecosystem: EcosystemName = 'npm'): Staging {
  const at = client.displayUrl;
  return {
    async list(token, packageName) {
      const attempt = `failed to list the staged releases at ${at}`;
      const listed: StagedRelease[] = [];
      for (let page = 0; page < mostPages; page += 1) {
        const found = await readPage(client, { page, packageName, ecosystem, token, attempt });
        listed.push(...found.items);
        if (found.items.length === 0 || listed.length >= found.total) break;
      }
      return listed;
    },
    async view(token, id) {
      const attempt = `failed to read the staged release \`${id}\` at ${at}`;
      const path = `-/stage/${encodeSegment(id)}`;
      const staged = stagedFrom(await client.read({ method: 'GET', path, command, attempt, token }));
      if (staged?.id !== id) throw unexpectedAnswer(attempt, 'it is about no such release');
      return staged;
    },
    async download(token, staged, folder) {
      const { id } = staged;
      const attempt = `failed to download the staged release \`${id}\` from ${at}`;
      const target = join(folder, fileNameOf(staged));
      await client.send({
        method: 'GET',
        path: `-/stage/${encodeSegment(id)}/tarball`,
        command,
        attempt,
        token,
        accept: 'application/octet-stream, */*',
        receive: (bytes) => pipeline(bytes, createWriteStream(target)),
      });
      return target;
    },
    async approve(proofs, id) {
      const attempt = `failed to approve the staged release \`${id}\` at ${at}`;
      await client.send({
        ...{ method: 'POST', path: `-/stage/${encodeSegment(id)}/approve`, command, attempt },
        ...proofs,
      });
    },
    async reject(proofs, id) {
      const attempt = `failed to reject the staged release \`${id}\` at ${at}`;
      await client.send({
        method: 'DELETE',
        path: `-/stage/${encodeSegment(id)}`,
        command,
        attempt,
        ...proofs,
      });
    },
  };
}

interface PageRequest {
  readonly page: number;
  readonly packageName: string | undefined;
  readonly ecosystem: EcosystemName;
  readonly token: Secret;
  readonly attempt: string;
}

async function readPage(
  client: RegistryClient,
  { page, packageName, ecosystem, token, attempt }: PageRequest,
) {
  const query = new URLSearchParams({ page: String(page), perPage: String(perPage) });
  if (packageName !== undefined) query.set('package', packageName);
  if (ecosystem !== 'npm') query.set('ecosystem', ecosystem);
  const path = `-/stage?${query}`;
  const answer = await client.read({ method: 'GET', path, command, attempt, token });
  const list = answer['items'];
  const items = Array.isArray(list) ? list.map(stagedFrom) : [undefined];
  if (!items.every((item) => item !== undefined)) {
    throw unexpectedAnswer(attempt, 'it has no list of staged releases');
  }
  const { total } = answer;
  return { items, total: typeof total === 'number' ? total : items.length };
}

/** The name its users expect. */
function fileNameOf({ ecosystem, packageName, version }: StagedRelease): string {
  return ecosystem === 'npm' ? archiveFileName(packageName, version) : `${packageName}-${version}.crate`;
}

/** `undefined` for what could not be shown or asked about. */
function stagedFrom(value: Json): StagedRelease | undefined {
  if (!isJsonObject(value)) return undefined;
  const text = (key: string) => stringMember(value, key);
  const [id, packageName, version] = [text('id'), text('packageName'), text('version')];
  if (!isStageId(id) || packageName === undefined || version === undefined) return undefined;
  const ecosystem = text('ecosystem') ?? 'npm';
  if (!isNameIn(ecosystem, packageName) || !/^[\w.+-]{1,256}$/.test(version)) return undefined;
  return {
    id,
    packageName,
    version,
    tag: text('tag'),
    state: text('status'),
    stagedBy: text('actor'),
    stagedAt: text('createdAt'),
    access: text('access'),
    sha1: text('shasum'),
    sha256: text('sha256'),
    ecosystem,
  };
}

/** A name that is fit for a path, in an ecosystem this program knows. An ordinary npm registry names none. */
function isNameIn(ecosystem: string, name: string): ecosystem is EcosystemName {
  return ecosystem === 'cargo'
    ? isCrateName(name)
    : ecosystem === 'npm' && flawOfPackageName(name) === undefined;
}

import type { FastifyRequest } from 'fastify';
import { getPackage } from '../../packages/packages.ts';
import { listPeople } from '../../packages/permissions.ts';
import { type FoundPackage, searchPackages } from '../../packages/search.ts';
import type { Services } from '../../services.ts';
import type { Read } from '../../store/database.ts';
import { isJsonObject, type Json, type JsonObject } from '../../strict-json.ts';
import { countParameter, queryParameter } from '../request.ts';

const usualSize = 20;
/** npm's registry gives no more either. */
const mostPerPage = 250;
const longestText = 200;

/** `GET /-/v1/search?text=&size=&from=`: public packages, whoever asks. The weights that npm sends mean nothing here. */
export async function getSearch(services: Services, request: FastifyRequest) {
  const db = services.database.read;
  const text = (queryParameter(request, 'text') ?? '').slice(0, longestText);
  const size = Math.min(countParameter(request, 'size', usualSize), mostPerPage);
  const from = countParameter(request, 'from', 0);
  const { found, total } = await searchPackages(db, { text, from, size, ecosystem: 'npm' });
  const objects: object[] = [];
  for (const each of found) objects.push(await describe(db, each, services.settings.publicUrl()));
  return { objects, total, time: new Date(services.clock()).toUTCString() };
}

async function describe(db: Read, found: FoundPackage, address: string) {
  const { name, version, publishedAt, publisher } = found;
  const entry = JSON.parse(found.entry) as JsonObject;
  const people = await listPeople(db, await getPackage(db, found.packageId));
  const told = {
    name,
    scope: name.startsWith('@') ? name.slice(1, name.indexOf('/')) : 'unscoped',
    version,
    description: textIn(entry['description']) ?? '',
    keywords: keywordsIn(entry['keywords']),
    date: new Date(publishedAt).toISOString(),
    links: linksOf(entry, `${address}/-/web/package/${name}`),
    publisher: { username: publisher },
    maintainers: people.map(({ name, email }) => ({ username: name, email: email ?? '' })),
    ...(textIn(entry['license']) !== undefined && { license: entry['license'] }),
  };
  // Nothing is measured here: all packages are alike.
  const score = { final: 1, detail: { quality: 1, popularity: 1, maintenance: 1 } };
  return { package: told, score, searchScore: 1 };
}

function linksOf(entry: JsonObject, page: string) {
  const links = { homepage: entry['homepage'], repository: entry['repository'], bugs: entry['bugs'] };
  const named = Object.entries(links).flatMap(([kind, value]) => {
    const url = textIn(isJsonObject(value) ? value['url'] : value);
    return url === undefined ? [] : [[kind, url] as const];
  });
  return { npm: page, ...Object.fromEntries(named) };
}

function keywordsIn(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : [];
}

function textIn(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

import type { FastifyRequest } from 'fastify';
import { getPackage } from '../../packages/packages.ts';
import { listPeople } from '../../packages/permissions.ts';
import { type FoundPackage, searchPackages } from '../../packages/search.ts';
import type { Services } from '../../services.ts';
import type { Read } from '../../store/database.ts';
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
  const { name, version, description, keywords, license, links, publishedAt, publisher } = found;
  const people = await listPeople(db, await getPackage(db, found.packageId));
  const told = {
    name,
    scope: name.startsWith('@') ? name.slice(1, name.indexOf('/')) : 'unscoped',
    version,
    description: description ?? '',
    keywords,
    date: new Date(publishedAt).toISOString(),
    links: { npm: `${address}/-/web/package/${name}`, ...links },
    publisher: { username: publisher },
    maintainers: people.map(({ name, email }) => ({ username: name, email: email ?? '' })),
    ...(license !== undefined && { license }),
  };
  // Nothing is measured here: all packages are alike.
  const score = { final: 1, detail: { quality: 1, popularity: 1, maintenance: 1 } };
  return { package: told, score, searchScore: 1 };
}

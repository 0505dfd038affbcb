import type { FastifyRequest } from 'fastify';
import { searchPackages } from '../../packages/search.ts';
import type { Services } from '../../services.ts';
import { queryParameter } from '../request.ts';
import { readerOf } from './reader.ts';

const usual = 10;
const most = 100;
const longestQuery = 200;

/** `GET /cargo/api/v1/crates?q=…&per_page=…`: `cargo search`, which puts a `+` between its words (measured). */
export async function searchCrates(services: Services, request: FastifyRequest) {
  await readerOf(services, request);
  const words = (queryParameter(request, 'q') ?? '').slice(0, longestQuery).replaceAll('+', ' ');
  const { found, total } = await searchPackages(services.database.read, {
    text: words,
    from: 0,
    size: pageSize(queryParameter(request, 'per_page')),
    ecosystem: 'cargo',
  });
  return {
    crates: found.map(({ name, version, description }) => ({
      name,
      max_version: version,
      description: description ?? null,
    })),
    meta: { total },
  };
}

function pageSize(text: string | undefined): number {
  const asked = /^\d{1,4}$/.test(text ?? '') ? Number(text) : usual;
  return Math.min(Math.max(asked, 1), most);
}

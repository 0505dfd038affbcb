import type { FastifyRequest } from 'fastify';
import type { Services } from '../../services.ts';
import { readerOf } from './reader.ts';

export async function searchCrates(services: Services, request: FastifyRequest) {
  await readerOf(services, request);
  return { crates: [], meta: { total: 0 } };
}

import type { FastifyRequest } from 'fastify';
import { countParameter } from './request.ts';

const mostPerPage = 100;

/** The part of a list that is asked for, as npm does: `?page=0&perPage=100`. */
export function pageOf(request: FastifyRequest) {
  const page = countParameter(request, 'page', 0);
  const perPage = Math.min(countParameter(request, 'perPage', mostPerPage), mostPerPage) || mostPerPage;
  const start = page * perPage;
  return { page, perPage, start, end: start + perPage };
}

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Act } from '../../accounts/act.ts';
import { createBatchProof } from '../../accounts/batch-proof.ts';
import { Refusal } from '../../errors.ts';
import { refuseClash } from '../../releases/ecosystem.ts';
import { type ExactRelease, standingOf, versionTaken } from '../../releases/standing.ts';
import type { Services } from '../../services.ts';
import { refuseForeignName } from '../../upstream/foreign-names.ts';
import { requireRequester } from '../request.ts';
import { bodyObject } from '../request-body.ts';
import { parseReleases } from './declared-releases.ts';

/** `POST /-/pub/v1/batch-proofs`: docs/protocol.md, "One proof for several releases". */
export async function postBatchProof(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const requester = await requireRequester(services, request);
  const acts: Act[] = [];
  for (const { id } of parseReleases(services.ecosystems, bodyObject(request)['releases'])) {
    await refuseForeignName(services, id);
    const standing = await standingOf(services.database.read, requester.actor, id).catch(naming(id));
    if (standing.kind === 'taken') throw versionTaken(id, standing);
    await refuseClash(services.ecosystems, services.database.read, id);
    acts.push(standing.demand.act);
  }
  const { proof, expiresAt } = await createBatchProof(services, requester, acts);
  reply.code(201).header('cache-control', 'no-store');
  return { proof, expires: new Date(expiresAt).toISOString() };
}

/** Of many releases one is refused: the text says which. */
function naming({ name, version }: ExactRelease) {
  return (error: unknown): never => {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.code, `${name}@${version}: ${error.message}`, { cause: error });
  };
}

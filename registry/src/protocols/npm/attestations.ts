import type { FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import type { Json } from '../../strict-json.ts';
import { parameter, readablePackage } from '../request.ts';

/** `GET /-/npm/v1/attestations/<package>@<version>`: where `dist.attestations.url` leads. */
export async function getAttestations(services: Services, request: FastifyRequest) {
  const record = await readablePackage(services, request);
  const found = await services.database.read
    .selectFrom('attestations')
    .innerJoin('releases', 'releases.id', 'attestations.release_id')
    .select(['attestations.predicate_type', 'attestations.bundle'])
    .where('releases.package_id', '=', record.id)
    .where('releases.version', '=', parameter(request, 'version'))
    .where('releases.state', '=', 'published')
    .executeTakeFirst();
  if (found === undefined) throw new Refusal('not_found', 'no provenance was published with that version');
  const { predicate_type: predicateType, bundle } = found;
  return { attestations: [{ predicateType, bundle: JSON.parse(bundle) as Json }] };
}

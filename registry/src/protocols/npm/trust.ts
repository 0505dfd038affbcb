import { Refusal } from '../../errors.ts';

/** Trusted publishing, as far as it has to be answered: there is none here. */

/** `GET|POST /-/package/<package>/trust`, `DELETE …/trust/<id>`: `npm trust`. */
export async function refuseTrust(): Promise<never> {
  throw new Refusal('unsupported', 'this registry has no trusted publishing: publish with a token, or stage');
}

/**
 * `POST /-/npm/v1/oidc/token/exchange/package/<package>`: npm tries it before every publish from a workflow, says
 * nothing when it is refused, and goes on with the token it has (measured). It asks at the root of the host even
 * where the registry is below a path.
 */
export async function refuseExchange(): Promise<never> {
  throw new Refusal('unsupported', 'this registry takes no identity of a workflow in exchange for a token');
}

import { stringMember } from '../../json.ts';
import { Secret } from '../../secret.ts';
import type { Proofs } from '../proofs.ts';
import type { PublishRequest } from '../registry.ts';
import { preflightBody } from './preflight.ts';
import { type RegistryClient, unexpectedAnswer } from './registry-client.ts';

/** What `pub-registry` gives for an approval in a browser, or for a code (docs/protocol.md, "One proof for several releases"). */
const proof = /^[0-9a-f]{64}$/;

/** `POST /-/pub/v1/batch-proofs`. What a browser gave is such a proof already. */
export async function proveBatch(
  client: RegistryClient,
  { token, oneTimePassword }: Proofs,
  requests: readonly PublishRequest[],
): Promise<Secret> {
  if (oneTimePassword !== undefined && proof.test(oneTimePassword.expose())) return oneTimePassword;
  const attempt = `failed to prove ${requests.length} releases at once to ${client.displayUrl}`;
  const answer = await client.read({
    method: 'POST',
    path: '-/pub/v1/batch-proofs',
    command: 'publish',
    attempt,
    token,
    oneTimePassword,
    json: preflightBody(requests),
  });
  const made = stringMember(answer, 'proof');
  if (made === undefined || !proof.test(made)) throw unexpectedAnswer(attempt, 'there is no proof in it');
  return new Secret(made);
}

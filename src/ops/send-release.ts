import type { Context } from '../context.ts';
import type { Archive } from '../ecosystems/ecosystem.ts';
import type { PublishOutcome } from '../ecosystems/registry.ts';
import type { Secret } from '../secret.ts';
import type { Release } from './publish-report.ts';

/** Uploads one archive, and says how far it is. */
export async function sendRelease(
  { terminal }: Pick<Context, 'terminal'>,
  { connection, credential, request }: Release,
  oneTimePassword: Secret | undefined,
): Promise<PublishOutcome> {
  if (credential === undefined) throw new Error('an upload without a credential');
  const proofs = { token: credential.token, oneTimePassword };
  const progress = terminal.progress('Uploading', request.archive.size);
  try {
    return await connection.registry.publish(proofs, request, (sent) => progress.update(sent));
  } finally {
    progress.finish();
  }
}

export function ownerHint({ name }: Archive) {
  return { E_FORBIDDEN: `run \`pub owner list ${name}\` to see who may publish it` };
}

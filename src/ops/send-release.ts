import type { Archive } from '../ecosystems/ecosystem.ts';
import type { PublishOutcome } from '../ecosystems/registry.ts';
import type { Secret } from '../secret.ts';
import type { LogInContext } from './log-in.ts';
import type { Release } from './publish-report.ts';
import { renewingLogin } from './renew-login.ts';

/** Uploads one archive, and says how far it is. */
export async function sendRelease(
  context: LogInContext,
  release: Release,
  oneTimePassword: Secret | undefined,
): Promise<PublishOutcome> {
  const { connection, request } = release;
  return await renewingLogin(context, release, async (token) => {
    const progress = context.terminal.progress('Uploading', request.archive.size);
    try {
      const proofs = { token, oneTimePassword };
      return await connection.registry.publish(proofs, request, (sent) => progress.update(sent));
    } finally {
      progress.finish();
    }
  });
}

export function ownerHint({ name }: Archive) {
  return { E_FORBIDDEN: `run \`pub owner list ${name}\` to see who may publish it` };
}

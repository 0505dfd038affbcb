import type { Services } from '../../services.ts';

/** `GET /-/npm/v1/keys`: what `dist.signatures` is verified with. */
export async function getKeys(services: Services) {
  const keys = services.signingKeys.list().map(({ id, spki, expires }) => ({
    keyid: id,
    keytype: algorithm,
    scheme: algorithm,
    expires,
    key: spki,
  }));
  return { keys };
}

const algorithm = 'ecdsa-sha2-nistp256';

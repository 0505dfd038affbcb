import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';
import { PubError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { Proofs } from '../proofs.ts';
import { readForChange } from './change-packument.ts';
import { packagePath, type RegistryClient } from './registry-client.ts';

/** npm's way (measured, npm 12): the whole document again, with `deprecated` in the versions meant; empty is undone. */
export async function deprecate(
  client: RegistryClient,
  proofs: Proofs,
  packageName: string,
  { range, message }: { readonly range: string; readonly message: string },
): Promise<readonly string[]> {
  const verb = message === '' ? 'undo the deprecation of' : 'deprecate';
  const attempt = `failed to ${verb} \`${packageName}@${range}\` at ${client.displayUrl}`;
  if (validRange(range) === null) {
    throw new PubError('E_USAGE', `\`${range}\` is not a range of versions`, {
      hint: 'write it as 1.2.3, "1.x" or "<2.0.0"; npm means all versions by *',
    });
  }
  const command = 'deprecate';
  const read = { packageName, token: proofs.token, command, attempt };
  const { document, versions } = await readForChange(client, read);
  const meant = Object.keys(versions).filter((version) =>
    satisfies(version, range, { includePrerelease: true, loose: true }),
  );
  if (meant.length === 0) {
    throw new PubError('E_NOT_FOUND', attempt, { cause: new Error('no version of it is in this range') });
  }
  const marked = Object.fromEntries(
    Object.entries(versions).map(([version, manifest]): [string, JsonObject] => [
      version,
      meant.includes(version) ? { ...manifest, deprecated: message } : manifest,
    ]),
  );
  const json = { ...document, versions: marked };
  await client.send({ method: 'PUT', path: packagePath(packageName), command, attempt, ...proofs, json });
  return meant;
}

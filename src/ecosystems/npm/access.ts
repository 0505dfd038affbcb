import { PubError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import type { AccessChange, FactorRequirement, Permission, Visibility } from '../package-changes.ts';
import type { Proofs } from '../proofs.ts';
import { encodeSegment, packagePath, type RegistryClient, unexpectedAnswer } from './registry-client.ts';
import { parseTeam, teamPath } from './teams.ts';

const command = 'access';

export async function visibility(
  client: RegistryClient,
  packageName: string,
  token: Secret | undefined,
): Promise<Visibility> {
  const attempt = `failed to read who may see \`${packageName}\` at ${client.displayUrl}`;
  const path = `-/package/${packagePath(packageName)}/visibility`;
  const answer = await client.read({ method: 'GET', path, command, attempt, token });
  if (typeof answer['public'] !== 'boolean') throw unexpectedAnswer(attempt, 'it does not say');
  return answer['public'] ? 'public' : 'private';
}

/** npm's three words for two switches (measured, npm 12). */
const requirements: Readonly<Record<FactorRequirement, JsonObject>> = {
  none: { publish_requires_tfa: false },
  publish: { publish_requires_tfa: true, automation_token_overrides_tfa: false },
  automation: { publish_requires_tfa: true, automation_token_overrides_tfa: true },
};

export async function setAccess(
  client: RegistryClient,
  proofs: Proofs,
  packageName: string,
  change: AccessChange,
): Promise<void> {
  await client.send({
    method: 'POST',
    path: `-/package/${packagePath(packageName)}/access`,
    command,
    attempt: `failed to change the access to \`${packageName}\` at ${client.displayUrl}`,
    ...proofs,
    json:
      'status' in change
        ? { access: change.status === 'public' ? 'public' : 'restricted' }
        : requirements[change.factor],
  });
}

/** As npm: an organisation of that name is asked for first, then an account. */
export async function packagesOf(
  client: RegistryClient,
  token: Secret,
  who: string,
): Promise<Readonly<Record<string, Permission>>> {
  const attempt = `failed to list the packages of \`${who}\` at ${client.displayUrl}`;
  const read = async (path: string) => await permissions(client, { path, attempt, token });
  if (who.includes(':')) return await read(`-/team/${teamPath(parseTeam(who))}/package`);
  const name = encodeSegment(who.replace(/^@/, ''));
  try {
    return await read(`-/org/${name}/package`);
  } catch (error) {
    if (!(error instanceof PubError) || error.code !== 'E_NOT_FOUND') throw error;
    return await read(`-/user/${name}/package`);
  }
}

export async function collaborators(
  client: RegistryClient,
  packageName: string,
  token: Secret | undefined,
): Promise<Readonly<Record<string, Permission>>> {
  const attempt = `failed to list the collaborators of \`${packageName}\` at ${client.displayUrl}`;
  const path = `-/package/${packagePath(packageName)}/collaborators`;
  return await permissions(client, { path, attempt, token });
}

async function permissions(
  client: RegistryClient,
  request: { readonly path: string; readonly attempt: string; readonly token: Secret | undefined },
): Promise<Readonly<Record<string, Permission>>> {
  const answer = await client.read({ method: 'GET', command, ...request });
  return Object.fromEntries(
    Object.entries(answer).map(([name, permission]) => {
      if (permission !== 'read' && permission !== 'write') {
        throw unexpectedAnswer(request.attempt, 'it has a permission that is not known');
      }
      return [name, permission === 'read' ? 'read-only' : 'read-write'] as const;
    }),
  );
}

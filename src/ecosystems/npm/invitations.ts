import { isJsonObject, type Json, stringMember } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import type { Proofs } from '../proofs.ts';
import type { Invitation } from '../registry.ts';
import { packageRoleIn } from './packument.ts';
import { type RegistryClient, unexpectedAnswer } from './registry-client.ts';

/** Invitations to packages: `docs/protocol.md`, "Owners". Other registries have none. */
const path = '-/pub/v1/invitations';

export async function invitations(client: RegistryClient, token: Secret): Promise<readonly Invitation[]> {
  const attempt = `failed to list your invitations at ${client.displayUrl}`;
  const answer = await client.read({ method: 'GET', path, command: 'owner', attempt, token });
  const list = answer['invitations'];
  if (!Array.isArray(list)) throw unexpectedAnswer(attempt, 'it has no list of invitations');
  return list.map((entry: Json) => {
    const invitation = invitationFrom(entry);
    if (invitation === undefined) throw unexpectedAnswer(attempt, 'it has an invitation that is none');
    return invitation;
  });
}

function invitationFrom(entry: Json): Invitation | undefined {
  if (!isJsonObject(entry)) return undefined;
  const { id } = entry;
  const packageName = stringMember(entry, 'package');
  const invitedBy = stringMember(entry, 'invited_by');
  const expires = stringMember(entry, 'expires');
  const role = packageRoleIn(entry);
  const known = packageName && invitedBy && expires && role;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || !known) return undefined;
  const ecosystem = stringMember(entry, 'ecosystem') ?? 'npm';
  return { id, ecosystem, packageName, role, invitedBy, expires };
}

export async function answerInvitation(
  client: RegistryClient,
  proofs: Proofs,
  id: number,
  answer: 'accept' | 'decline',
): Promise<void> {
  const attempt = `failed to ${answer} the invitation`;
  await client.send({
    method: 'POST',
    path: `${path}/${id}`,
    command: 'owner',
    attempt,
    ...proofs,
    json: { answer },
  });
}

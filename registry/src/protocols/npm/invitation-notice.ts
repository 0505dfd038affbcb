import type { FastifyRequest } from 'fastify';
import type { Actor } from '../../accounts/actor.ts';
import { listInvitations } from '../../packages/invitations.ts';
import { findPackage } from '../../packages/packages.ts';
import { permissionOf } from '../../packages/permissions.ts';
import type { Services } from '../../services.ts';

/**
 * For `npm owner`, which knows owners alone: it says of `npm owner add` that it is done, and `npm owner rm` of somebody
 * who has not accepted yet does nothing, without a word (npm 11 and 12, measured).
 */
export function invitedNotice(users: readonly string[]): string | undefined {
  if (users.length === 0) return undefined;
  const [are, become] = users.length === 1 ? ['is', 'becomes an owner'] : ['are', 'become owners'];
  return `${users.join(', ')} ${are} invited, and ${become} by accepting: to take that back, pub owner remove`;
}

/** Where an account that `npm owner` looks up is invited already, as far as the reader has a part in that. */
export async function openInvitationsNotice(
  services: Services,
  request: FastifyRequest,
  reader: Actor,
  account: { readonly id: number; readonly name: string },
): Promise<string | undefined> {
  if (request.headers['npm-command'] !== 'owner' || reader.credential.limits !== undefined) return undefined;
  const db = services.database.read;
  const packages: string[] = [];
  for (const invitation of await listInvitations(db, { accountId: account.id }, services.clock())) {
    const { ecosystem, package: name } = invitation;
    const record = await findPackage(db, { ecosystem, name });
    if (record !== undefined && (await permissionOf(db, reader, record)) !== undefined) packages.push(name);
  }
  if (packages.length === 0) return undefined;
  return `${account.name} is invited to ${packages.join(', ')}, and no owner yet: to take that back, pub owner remove`;
}

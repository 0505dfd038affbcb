import type { FastifyRequest } from 'fastify';
import { listInvitations } from '../../packages/invitations.ts';
import { permissionOf } from '../../packages/permissions.ts';
import type { Services } from '../../services.ts';
import type { PackageRecord } from '../../store/schema.ts';
import { findRequestActor } from '../request.ts';

/**
 * For `npm owner`, which knows owners alone: `npm owner add` is told by npm as if it were done, and `npm owner rm` of
 * somebody who has not accepted yet does nothing, without a word (npm 11 and 12, measured).
 */
export function invitedNotice(users: readonly string[]): string | undefined {
  if (users.length === 0) return undefined;
  const [are, become] = users.length === 1 ? ['is', 'becomes an owner'] : ['are', 'become owners'];
  return `${users.join(', ')} ${are} invited, and ${become} by accepting: to take that back, pub owner remove`;
}

/** The same of those who wait, for somebody with a role who reads a package for `npm owner`. */
export async function openInvitationsNotice(
  services: Services,
  request: FastifyRequest,
  record: PackageRecord,
): Promise<string | undefined> {
  if (request.headers['npm-command'] !== 'owner') return undefined;
  const db = services.database.read;
  // A token that is no good reads a public package as nobody.
  const actor = await findRequestActor(services, request).catch(() => undefined);
  if (actor === undefined || (await permissionOf(db, actor, record)) === undefined) return undefined;
  const open = await listInvitations(db, { packageId: record.id }, services.clock());
  return invitedNotice(open.map(({ user }) => user));
}

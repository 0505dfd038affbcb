import type { Actor, Requester } from '../accounts/actor.ts';
import { type Demand, demandProof, settleProof } from '../accounts/second-factor/demand.ts';
import { recordEvent } from '../audit/log.ts';
import { logRefusals } from '../audit/refusals.ts';
import { mailAccount } from '../mail/outbox.ts';
import { memberRole } from '../organisations/organisations.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import { completeTransfer } from './complete-transfer.ts';
import { invitationLifetime } from './invitations.ts';
import {
  describeThing,
  findReceiver,
  findThing,
  ownersOfReceiver,
  type Receiver,
  requireOwnerOfThing,
  subjectOf,
  type Thing,
} from './transfer-sides.ts';

/**
 * Moving a package or a scope to another account or organisation. Whoever gives must own it, and whoever
 * receives must agree: at once where the giver owns both sides, else by accepting an offer within seven days.
 * What the old side could do ends with it: named roles too, but for those the transfer names.
 */

export interface TransferRequest {
  readonly thing: { readonly package: string } | { readonly scope: string };
  /** The name of an account or an organisation. */
  readonly to: string;
  /** Accounts whose names stay on the packages. */
  readonly keep: readonly string[];
}

/** Says whether it is done, or only offered. */
export async function transfer(
  services: Services,
  requester: Requester,
  request: TransferRequest,
): Promise<'done' | 'offered'> {
  const { actor } = requester;
  const subject = subjectOf(request.thing);
  return await logRefusals(
    services,
    { tag: refusedTag(request.thing), actor: actor.name, subject },
    async () => {
      const db = services.database.read;
      await requireOwnerOfThing(db, actor, await findThing(db, request.thing, actor));
      await findReceiver(db, request.to);
      const act = {
        action: 'transfer',
        subject,
        details: { to: request.to, keep: [...request.keep].sort().join(' ') },
      };
      const demand: Demand = {
        kind: 'governance',
        why: `moving ${describeThing(request.thing)} needs it`,
        act,
      };
      const proof = await demandProof(services, requester, demand);
      return await services.database.write(async (transaction) => {
        const now = services.clock();
        const thing = await findThing(transaction, request.thing, actor);
        await requireOwnerOfThing(transaction, actor, thing);
        const receiver = await findReceiver(transaction, request.to);
        await settleProof(transaction, { actor, demand, proof, now });
        await withdrawOffers(transaction, thing, now);
        const factor = proof?.factor ?? null;
        const move = { thing, receiver, keep: request.keep, actor: actor.name, factor, now };
        if (await isReceiver(transaction, actor, receiver)) {
          await completeTransfer(services, transaction, move);
          return 'done';
        }
        await offer(transaction, { ...move, offeredBy: actor.accountId });
        return 'offered';
      });
    },
  );
}

function refusedTag(thing: TransferRequest['thing']) {
  return 'package' in thing ? 'package:change-refused' : 'scope:change-refused';
}

/** An account receives for itself, an owner for the organisation. */
export async function isReceiver(
  db: Read,
  { accountId }: Pick<Actor, 'accountId'>,
  receiver: Receiver,
): Promise<boolean> {
  if (receiver.kind === 'account') return receiver.id === accountId;
  return (await memberRole(db, receiver.id, accountId)) === 'owner';
}

interface Offer {
  readonly thing: Thing;
  readonly receiver: Receiver;
  readonly keep: readonly string[];
  readonly actor: string;
  readonly offeredBy: number;
  readonly now: number;
}

async function offer(
  transaction: Write,
  { thing, receiver, keep, actor, offeredBy, now }: Offer,
): Promise<void> {
  const expires_at = now + invitationLifetime;
  await transaction
    .insertInto('transfers')
    .values({
      package_id: thing.kind === 'package' ? thing.record.id : null,
      scope: thing.kind === 'scope' ? thing.scope.name : null,
      account_id: receiver.kind === 'account' ? receiver.id : null,
      organisation_id: receiver.kind === 'organisation' ? receiver.id : null,
      keep: JSON.stringify(keep),
      offered_by: offeredBy,
      created_at: now,
      expires_at,
    })
    .execute();
  const details = { to: receiver.name, keep: keep.join(' ') };
  await recordEvent(transaction, now, { tag: 'transfer:offered', actor, subject: thing.subject, details });
  const values = {
    thing: thing.text,
    receiver: receiver.name,
    by: actor,
    expires: new Date(expires_at).toISOString(),
  };
  for (const id of await ownersOfReceiver(transaction, receiver)) {
    await mailAccount(transaction, now, id, { template: 'transfer-offered', values });
  }
}

async function withdrawOffers(transaction: Write, thing: Thing, now: number): Promise<void> {
  const open = transaction
    .updateTable('transfers')
    .set({ answer: 'withdrawn', answered_at: now })
    .where('answered_at', 'is', null);
  await (thing.kind === 'package'
    ? open.where('package_id', '=', thing.record.id)
    : open.where('scope', '=', thing.scope.name)
  ).execute();
}

export interface OpenTransfer {
  readonly id: number;
  readonly package: string | null;
  readonly scope: string | null;
  readonly to: string;
  readonly offeredBy: string;
  readonly expiresAt: number;
}

/** What an account can accept, for itself or for an organisation it owns. */
export async function listTransfers(db: Read, actor: Actor, now: number): Promise<OpenTransfer[]> {
  const rows = await openTransfers(db, now).execute();
  const mine: OpenTransfer[] = [];
  for (const row of rows) {
    if (await isReceiver(db, actor, receiverOf(row))) mine.push(shown(row));
  }
  return mine;
}

export function openTransfers(db: Read, now: number) {
  return db
    .selectFrom('transfers')
    .leftJoin('packages', 'packages.id', 'transfers.package_id')
    .leftJoin('accounts as receiver', 'receiver.id', 'transfers.account_id')
    .leftJoin('organisations', 'organisations.id', 'transfers.organisation_id')
    .innerJoin('accounts as offering', 'offering.id', 'transfers.offered_by')
    .select([
      'transfers.id',
      'transfers.scope',
      'transfers.keep',
      'transfers.account_id',
      'transfers.organisation_id',
      'transfers.offered_by',
      'transfers.expires_at',
      'packages.name as package',
      'receiver.name as account',
      'organisations.name as organisation',
      'offering.name as offeredBy',
    ])
    .where('transfers.answered_at', 'is', null)
    .where('transfers.expires_at', '>', now)
    .orderBy('transfers.id');
}

export type TransferEntry = Awaited<ReturnType<ReturnType<typeof openTransfers>['execute']>>[number];

export function shown(row: TransferEntry): OpenTransfer {
  const { id, scope, offeredBy, expires_at } = row;
  return { id, package: row.package, scope, to: receiverOf(row).name, offeredBy, expiresAt: expires_at };
}

export function receiverOf(row: TransferEntry): Receiver {
  return row.account_id === null
    ? { kind: 'organisation', id: Number(row.organisation_id), name: String(row.organisation) }
    : { kind: 'account', id: row.account_id, name: String(row.account) };
}

import type { Actor, Requester } from '../accounts/actor.ts';
import { type Demand, demandProof, settleProof } from '../accounts/second-factor/demand.ts';
import { recordEvent } from '../audit/log.ts';
import { logRefusals } from '../audit/refusals.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import { completeTransfer } from './complete-transfer.ts';
import { describeThing, findThing, requireOwnerOfThing, subjectOf } from './transfer-sides.ts';
import {
  isReceiver,
  type OpenTransfer,
  openTransfers,
  receiverOf,
  shown,
  type TransferEntry,
  type TransferRequest,
} from './transfers.ts';

/** Accepts an offer. The giver must own the thing still: whoever was removed gives nothing away. */
export async function acceptTransfer(
  services: Services,
  requester: Requester,
  id: number,
): Promise<OpenTransfer> {
  const { actor } = requester;
  return await logRefusals(services, refusedAnswer(actor, id), async () => {
    const found = await getOpen(services.database.read, actor, id, services.clock());
    const act = {
      action: 'transfer:accept',
      subject: subjectOf(thingOf(found)),
      details: { to: receiverOf(found).name },
    };
    const why = `accepting ${describeThing(thingOf(found))} needs it`;
    const demand: Demand = { kind: 'governance', why, act };
    const proof = await demandProof(services, requester, demand);
    await services.database.write(async (transaction) => {
      const now = services.clock();
      const row = await getOpen(transaction, actor, id, now);
      await settleProof(transaction, { actor, demand, proof, now });
      const giver = { accountId: row.offered_by };
      const thing = await findThing(transaction, thingOf(row), giver);
      await requireOwnerOfThing(transaction, giver, thing);
      await answer(transaction, id, 'accepted', now);
      const receiver = receiverOf(row);
      const keep = JSON.parse(row.keep) as string[];
      const factor = proof?.factor ?? null;
      await completeTransfer(services, transaction, {
        thing,
        receiver,
        keep,
        actor: actor.name,
        factor,
        now,
      });
    });
    return shown(found);
  });
}

/** Declines. Takes no proof: it gives nothing to anybody. */
export async function declineTransfer(
  services: Services,
  { actor }: Requester,
  id: number,
): Promise<OpenTransfer> {
  return await logRefusals(services, refusedAnswer(actor, id), () =>
    services.database.write(async (transaction) => {
      const now = services.clock();
      const row = await getOpen(transaction, actor, id, now);
      await answer(transaction, id, 'declined', now);
      const subject = subjectOf(thingOf(row));
      const details = { to: receiverOf(row).name };
      await recordEvent(transaction, now, { tag: 'transfer:declined', actor: actor.name, subject, details });
      return shown(row);
    }),
  );
}

function refusedAnswer({ name }: Actor, id: number) {
  return { tag: 'scope:change-refused', actor: name, subject: `transfer:${id}` } as const;
}

function thingOf(row: TransferEntry): TransferRequest['thing'] {
  return row.scope === null ? { package: String(row.package) } : { scope: row.scope };
}

async function getOpen(db: Read, actor: Actor, id: number, now: number): Promise<TransferEntry> {
  const row = await openTransfers(db, now).where('transfers.id', '=', id).executeTakeFirst();
  if (row !== undefined && (await isReceiver(db, actor, receiverOf(row)))) return row;
  throw new Refusal('not_found', 'there is no such transfer, or it has expired or was answered');
}

async function answer(
  transaction: Write,
  id: number,
  given: 'accepted' | 'declined',
  now: number,
): Promise<void> {
  await transaction
    .updateTable('transfers')
    .set({ answer: given, answered_at: now })
    .where('id', '=', id)
    .execute();
}

import type { Act } from '../accounts/act.ts';
import type { Requester } from '../accounts/actor.ts';
import { type Demand, demandProof, settleProof } from '../accounts/second-factor/demand.ts';
import { type AuditEvent, recordEvent } from '../audit/log.ts';
import { logRefusals } from '../audit/refusals.ts';
import type { Services } from '../services.ts';
import type { Read, Write } from '../store/database.ts';
import type { PackageRecord } from '../store/schema.ts';
import { finishChange, getPermittedPackage, type PackageId, packageSubject } from './packages.ts';
import type { Role } from './permissions.ts';

/** One change to a package: what it takes, and what it does. */
export interface PackageChange {
  /**
   * `governance` for who may do what, which takes an owner; `write` for what users of the package get, which
   * a maintainer may change as well.
   */
  readonly kind: Demand['kind'];
  /** Where the role it takes is another than the kind says: everybody may leave. */
  readonly role?: Role;
  /** What exactly is changed, beside the package itself. */
  readonly act: Omit<Act, 'subject'>;
  /** For the person who is asked for a code: "moving a tag of @acme/tool needs it". */
  readonly why: string;
  /** Throws what is refused before anybody is asked for a code, and again in the transaction. */
  admit?(db: Read, record: PackageRecord, now: number): Promise<void>;
  /** Does it, and says what the audit log should. Throws `Refusal` to change nothing. */
  apply(
    transaction: Write,
    record: PackageRecord,
    now: number,
  ): Promise<readonly Pick<AuditEvent, 'tag' | 'details'>[]>;
}

/**
 * The one way a package is changed by those who may: authorise, demand the second factor, and then, in one
 * transaction, authorise again, use the proof up, change, log, and render what readers get. A refusal
 * changes nothing and is logged.
 */
export async function changePackage(
  services: Services,
  requester: Requester,
  id: PackageId,
  change: PackageChange,
): Promise<void> {
  const attempt = {
    tag: 'package:change-refused',
    actor: requester.actor.name,
    subject: packageSubject(id),
  } as const;
  await logRefusals(services, attempt, () => attemptChange(services, requester, id, change));
}

/** For a change of which nothing is left to do: who may not make it is told so all the same, and it is logged. */
export async function requirePermitted(
  services: Services,
  { actor }: Requester,
  id: PackageId,
  role: Role,
): Promise<void> {
  const attempt = { tag: 'package:change-refused', actor: actor.name, subject: packageSubject(id) } as const;
  await logRefusals(services, attempt, () => getPermittedPackage(services.database.read, id, actor, role));
}

const roleFor: Readonly<Record<Demand['kind'], Role>> = { governance: 'owner', write: 'maintainer' };

async function attemptChange(
  services: Services,
  requester: Requester,
  id: PackageId,
  change: PackageChange,
): Promise<void> {
  const { database, clock } = services;
  const { actor } = requester;
  const role = change.role ?? roleFor[change.kind];
  const before = await getPermittedPackage(database.read, id, actor, role);
  await change.admit?.(database.read, before, clock());
  const proof = await demandProof(services, requester, demandOf(change, id, before));
  await database.write(async (transaction) => {
    const now = clock();
    const record = await getPermittedPackage(transaction, id, actor, role);
    await change.admit?.(transaction, record, now);
    await settleProof(transaction, { actor, demand: demandOf(change, id, record), proof, now });
    const events = await change.apply(transaction, record, now);
    for (const event of events) {
      const details = { ...event.details, factor: proof?.factor ?? null };
      await recordEvent(transaction, now, {
        ...event,
        actor: actor.name,
        subject: packageSubject(id),
        details,
      });
    }
    if (events.length > 0) await finishChange(services, transaction, id, now);
  });
}

function demandOf({ kind, why, act }: PackageChange, id: PackageId, record: PackageRecord): Demand {
  const common = { why, act: { ...act, subject: packageSubject(id) } };
  return kind === 'governance'
    ? { ...common, kind }
    : { ...common, kind, packageRequires: record.require_2fa === 1 };
}

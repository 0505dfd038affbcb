import { recordEvent } from '../audit/log.ts';
import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Actor } from './actor.ts';

/** Runs a change that an account asks for about itself, and logs it when it is refused. */
export async function changeAccount<T>(services: Services, actor: Actor, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) await recordRefusal(services, actor, error);
    throw error;
  }
}

async function recordRefusal(services: Services, { name }: Actor, { code }: Refusal): Promise<void> {
  const event = { tag: 'account:change-refused', actor: name, subject: name, details: { code } } as const;
  await services.database.write((transaction) => recordEvent(transaction, services.clock(), event));
}

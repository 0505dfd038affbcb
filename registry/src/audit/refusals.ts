import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';
import { type AuditTag, recordEvent } from './log.ts';

export interface Attempt {
  readonly tag: Extract<AuditTag, `${string}-refused` | `${string}:refused`>;
  readonly actor: string;
  readonly subject: string;
}

/** Runs an act. A refusal of it goes into the log, with its code, and is thrown on. */
export async function logRefusals<T>(
  services: Pick<Services, 'database' | 'clock'>,
  attempt: Attempt,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Refusal) {
      const event = { ...attempt, details: { code: error.code } };
      await services.database.write((transaction) => recordEvent(transaction, services.clock(), event));
    }
    throw error;
  }
}

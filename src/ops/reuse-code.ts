import { type OneTimePasswordSource, withSecondFactor } from '../second-factor/with-second-factor.ts';
import type { Secret } from '../secret.ts';

/**
 * Runs several operations with one code for as long as the registry takes it: some take a code once, some for as
 * long as it is in time. A person is asked again only after a new challenge.
 */
export function reusingCode(
  source: OneTimePasswordSource,
): <T>(operation: (code: Secret | undefined) => Promise<T>) => Promise<T> {
  let held: Secret | undefined = source.given;
  let accepted = false;
  return async (operation) => {
    // One that was given and works for none is told as wrong; one that worked before has only run out.
    const given = accepted ? undefined : source.given;
    // The registry says of it that it is wrong, and means that it was used.
    const usedUp = accepted && held !== undefined;
    const ask: typeof source.ask = (reason) =>
      source.ask(
        usedUp ? { ...reason, text: 'the one before was good once: this takes the next one' } : reason,
      );
    const result = await withSecondFactor({ given, ask }, (code) => {
      held = code ?? held;
      return operation(held);
    });
    accepted = true;
    return result;
  };
}

import { PubError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { type BrowserRequest, SecondFactorRequired } from './challenge.ts';

/** Why a person is asked, and how they can answer. */
export interface Reason {
  readonly text: string;
  /** Set where they can approve in a browser instead of typing a code. */
  readonly browser?: BrowserRequest | undefined;
  /** False for an account whose factors give no codes. */
  readonly codes?: boolean | undefined;
}

/** Gives the code a person was asked for, or one given beforehand (`--otp`, `PUB_OTP`). */
export interface OneTimePasswordSource {
  /** Given beforehand, so that it can be sent with the first request; asks nobody. */
  readonly given: Secret | undefined;
  ask(reason: Reason): Promise<Secret>;
  /** As `ask`, where it is not sure that one is wanted: nobody to ask, or no answer, is `undefined`. */
  offer(reason: Reason): Promise<Secret | undefined>;
}

/**
 * Runs an operation; if the registry answers with a challenge, asks for the second factor and runs it once
 * more. A second challenge is an error: asking again would wear out the registry's limit on wrong codes.
 * A code given with `--otp` that is refused is not asked for again: the person expects it to be used.
 */
export async function withSecondFactor<T>(
  source: Pick<OneTimePasswordSource, 'given' | 'ask'>,
  operation: (oneTimePassword: Secret | undefined) => Promise<T>,
): Promise<T> {
  try {
    return await operation(source.given);
  } catch (error) {
    if (!(error instanceof SecondFactorRequired)) throw error;
    if (source.given !== undefined) throw refused(error);
    const { text, browser } = error.challenge;
    const code = await source.ask({ text, browser });
    return await secondAttempt(operation, code);
  }
}

async function secondAttempt<T>(operation: (code: Secret) => Promise<T>, code: Secret): Promise<T> {
  try {
    return await operation(code);
  } catch (error) {
    if (error instanceof SecondFactorRequired) throw refused(error);
    throw error;
  }
}

function refused(cause: SecondFactorRequired): PubError {
  return new PubError('E_SECOND_FACTOR', 'the one-time password was not accepted', {
    cause,
    hint: 'each code works once: wait for the next one, check that the clock of your device is right, and try again',
  });
}

import { type ErrorCode, PubError } from '../errors.ts';

/** Refusals that say what a registry thinks, and not what was attempted. */
const reworded: ReadonlySet<ErrorCode> = new Set([
  'E_FORBIDDEN',
  'E_NOT_FOUND',
  'E_REGISTRY',
  'E_NETWORK',
  'E_SECOND_FACTOR',
  'E_VERSION_EXISTS',
]);

/**
 * Runs `operation`; a refusal by the registry is told as `message`, what was attempted and on what, with the
 * registry's answer as its cause. The code and the hint stay; `hints` serves codes that
 * came without one.
 */
export async function attempt<T>(
  message: string,
  operation: () => Promise<T>,
  hints: Partial<Record<ErrorCode, string>> = {},
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (!(error instanceof PubError) || !reworded.has(error.code)) throw error;
    throw restated(message, error, hints[error.code]);
  }
}

function restated(message: string, refusal: PubError, hint: string | undefined): PubError {
  return new PubError(refusal.code, message, { cause: refusal, hint: refusal.hint ?? hint });
}

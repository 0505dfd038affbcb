import { type ErrorCode, PubError } from '../errors.ts';

/** Says what to do next about a refusal that came without: the layer below knows no other commands. */
export async function withHint<T>(
  hints: Partial<Record<ErrorCode, string>>,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    const hint = error instanceof PubError && error.hint === undefined ? hints[error.code] : undefined;
    throw hint === undefined ? error : hinted(error as PubError, hint);
  }
}

function hinted({ code, message, cause, details }: PubError, hint: string): PubError {
  return new PubError(code, message, { cause, hint, details });
}

import { Refusal } from '../errors.ts';

/** An upstream said nothing that is of any use; what it said before may stand in for it. */
export function noAnswer(reason: string, cause?: unknown): Refusal {
  const text = `the registry that this one reads from gave no usable answer (${reason})`;
  return new Refusal('upstream_unavailable', text, { retryAfter: 30, cause });
}

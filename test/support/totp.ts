import { setTimeout as sleep } from 'node:timers/promises';
import { generateSync } from 'otplib';

/** RFC 6238 §5.2's recommended time step, in milliseconds. */
const step = 30_000;

/** The authenticator app of one test account. */
export interface Authenticator {
  /**
   * A code that the registry has not seen and accepts now. The registry takes each time step once for an
   * account, one step early to one step late, so this hands out growing steps from one back to one ahead:
   * two or three codes at once, and then it waits for the clock.
   */
  nextCode(): Promise<string>;
  /** Six digits that are the code of no step around now. */
  wrongCode(): string;
}

/** From the `otpauth://` URI, or the base32 secret in it. */
export function authenticator(uriOrSecret: string): Authenticator {
  const secret = uriOrSecret.startsWith('otpauth://')
    ? (new URL(uriOrSecret).searchParams.get('secret') ?? '')
    : uriOrSecret;
  const codeAt = (index: number) => generateSync({ secret, epoch: (index * step) / 1000 });
  let last = 0;
  return {
    nextCode: async () => {
      const next = Math.max(earliestLasting(Date.now()), last + 1);
      last = next;
      const until = (next - 1) * step - Date.now();
      if (until > 0) await sleep(until + 50);
      return codeAt(next);
    },
    wrongCode: () => {
      const current = Math.floor(Date.now() / step);
      const codes = [-2, -1, 0, 1, 2, 3].map((offset) => codeAt(current + offset));
      return ['000000', '000001', '000002', '000003', '000004', '000005', '000006'].find(
        (code) => !codes.includes(code),
      ) as string;
    },
  };
}

/** The oldest step that the registry goes on accepting for half a step, so that a slow client is in time. */
function earliestLasting(now: number): number {
  const current = Math.floor(now / step);
  return now % step < step / 2 ? current - 1 : current;
}

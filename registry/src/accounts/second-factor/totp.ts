import { generateSecret, generateURI, verifySync } from 'otplib';

/** RFC 6238 with what every authenticator app supports: SHA-1, 6 digits, 30 seconds. */
const period = 30;

/** A code is accepted one step early or late, for clocks that differ (RFC 6238 §5.2). */
const tolerance = period;

/** 160 bits, in base 32: the length RFC 4226 §4 recommends. */
export function createSeed(): string {
  return generateSecret();
}

/** What an authenticator app scans. Holds the seed: treat it as a secret. */
export function enrolmentUri(seed: string, account: string, issuer: string): string {
  return generateURI({ secret: seed, label: account, issuer });
}

/** The six digits of what a person typed, or `undefined`. One spelling, so that spaces make no second code. */
export function normaliseCode(text: string): string | undefined {
  const digits = text.replaceAll(' ', '');
  return /^\d{6}$/.test(digits) ? digits : undefined;
}

/** The time step a code belongs to, or `undefined` when it belongs to none near `at` (milliseconds). */
export function matchStep(seed: string, code: string, at: number): number | undefined {
  const epoch = Math.floor(at / 1_000);
  const result = verifySync({ secret: seed, token: code, epoch, epochTolerance: tolerance, period });
  return result.valid && 'timeStep' in result ? result.timeStep : undefined;
}

import { generateSecret, verifySync } from 'otplib';
import { expect, test } from 'vitest';
import { authenticator } from '../../support/totp.ts';

/** As the registry looks at codes: one step early to one step late. */
const accepted = (secret: string, token: string) => verifySync({ secret, token, epochTolerance: 30 }).valid;

test('two codes taken at once are both accepted, and differ', async () => {
  const secret = generateSecret();
  const app = authenticator(`otpauth://totp/registry:alice?issuer=registry&secret=${secret}`);
  const [first, second] = [await app.nextCode(), await app.nextCode()];
  expect([accepted(secret, first), accepted(secret, second)]).toEqual([true, true]);
  expect(first).not.toBe(second);
});

test('the wrong code is six digits, and refused', () => {
  const secret = generateSecret();
  const code = authenticator(secret).wrongCode();
  expect(code).toMatch(/^\d{6}$/);
  expect(accepted(secret, code)).toBe(false);
});

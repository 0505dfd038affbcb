import { describe, expect, test } from 'vitest';
import type { PubError } from '../../../src/errors.ts';
import { refusalFrom, refusalOf } from '../../../src/http/registry-error.ts';
import { SecondFactorRequired } from '../../../src/second-factor/challenge.ts';

const attempt = 'failed to publish `a@1.0.0` to registry.example';

function refused(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return refusalOf({ status, headers, text }, attempt);
}

const causeOf = (error: Error): string => (error.cause as Error).message;

describe('a challenge', () => {
  test.each(['otp', 'OTP', 'Bearer, OTP', 'Basic,otp ,Bearer'])(
    'is a 401 whose header names otp: %s',
    (header) => {
      const error = refused(401, { error: 'give a code' }, { 'www-authenticate': header });
      expect(error).toBeInstanceOf(SecondFactorRequired);
      expect((error as SecondFactorRequired).challenge).toEqual({ kind: 'missing', text: 'give a code' });
    },
  );

  test('without the header is a body that speaks of a one-time pass', () => {
    expect(refused(401, 'You must provide a one-time pass')).toBeInstanceOf(SecondFactorRequired);
    const header = { 'www-authenticate': 'Bearer' };
    expect(refused(401, 'You must provide a one-time pass', header)).toMatchObject({
      code: 'E_NOT_LOGGED_IN',
    });
    expect(refused(403, 'You must provide a one-time pass')).toMatchObject({ code: 'E_FORBIDDEN' });
    expect(refused(401, {}, { 'www-authenticate': 'not-otp' })).toMatchObject({ code: 'E_NOT_LOGGED_IN' });
  });

  test('tells a refused code from a missing one, and removes control characters from its text', () => {
    const body = { error: 'wrong\u001b[2J\ncode', code: 'otp_refused' };
    const error = refused(401, body, { 'www-authenticate': 'otp' }) as SecondFactorRequired;
    expect(error.challenge).toEqual({ kind: 'refused', text: 'wrong code' });
  });
});

describe('a refusal', () => {
  test.each([
    [401, 'E_NOT_LOGGED_IN'],
    [403, 'E_FORBIDDEN'],
    [404, 'E_NOT_FOUND'],
    [409, 'E_VERSION_EXISTS'],
    [400, 'E_REGISTRY'],
    [500, 'E_REGISTRY'],
  ])('with status %i and no code of ours is %s', (status, code) => {
    const error = refused(status, { error: 'no' });
    expect(error).toMatchObject({ code, message: attempt });
    expect(causeOf(error)).toBe(`${status}: no`);
  });

  test.each([
    [403, 'otp_throttled', 'E_SECOND_FACTOR'],
    [403, 'factor_not_enrolled', 'E_SECOND_FACTOR'],
    [401, 'login_refused', 'E_LOGIN_REFUSED'],
    [409, 'conflict', 'E_REGISTRY'],
    [400, 'bad_archive', 'E_ARCHIVE'],
    [409, 'constructor', 'E_VERSION_EXISTS'],
    [403, 'something_new', 'E_FORBIDDEN'],
  ])('with status %i and code %s is %s', (status, code, expected) => {
    expect(refused(status, { error: 'no', code })).toMatchObject({ code: expected });
  });

  test('says how long to wait when the registry does', () => {
    const error = refused(403, { code: 'otp_throttled' }, { 'retry-after': '30' }) as PubError;
    expect(error.hint).toBe('try again in 30 s');
    const date = refused(403, { code: 'otp_throttled' }, { 'retry-after': 'Mon, \u001b[1m' }) as PubError;
    expect(date.hint).toBe('wait before you try another code');
  });

  test.each([
    ['no JSON', '<html>bad gateway</html>'],
    ['a list', '[]'],
    ['members of other types', '{"error":{"a":1},"message":[],"code":7}'],
    ['nothing', ''],
  ])('whose body is %s still has a reason', (_, body) => {
    expect(causeOf(refused(502, body))).toBe('502: the registry gave no reason');
  });

  test('reads message when there is no error, and shortens what nobody would read', () => {
    expect(causeOf(refused(400, { message: 'm' }))).toBe('400: m');
    expect(causeOf(refused(400, { error: '\u202eevil\u0007\n'.repeat(100_000) })).length).toBeLessThan(600);
  });

  test('of a code that finishes an enrolment is a challenge: another code may do', () => {
    const error = refused(400, { error: 'this code is wrong', code: 'confirmation_refused' });
    expect((error as SecondFactorRequired).challenge).toEqual({
      kind: 'refused',
      text: 'this code is wrong',
    });
  });

  test('loses whole escape sequences, not only the character that begins them', () => {
    expect(causeOf(refused(400, { error: '\u001b[2J\u001b[31mno\u001b]0;evil\u0007' }))).toBe('400: no');
  });

  test('of one release in a preflight has no status', () => {
    const error = refusalFrom(
      { status: undefined, code: 'not_owner', text: 'you are not an owner' },
      attempt,
    );
    expect(error.code).toBe('E_FORBIDDEN');
    expect(causeOf(error)).toBe('not_owner: you are not an owner');
  });
});

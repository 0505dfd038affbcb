import { expect, test } from 'vitest';
import { SecondFactorRequired } from '../../../../src/second-factor/challenge.ts';
import { Secret } from '../../../../src/secret.ts';
import { challenge, proofs, registryWith, token } from './registry-harness.ts';

const read = 'GET /npm/-/npm/v1/user';
const write = 'POST /npm/-/npm/v1/user';
const password = new Secret('pass word');
const uri = 'otpauth://totp/pub:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=pub';

test.each([
  [false, { mode: 'disabled', pending: false }],
  [null, { mode: 'disabled', pending: false }],
  [undefined, { mode: 'disabled', pending: false }],
  [
    { mode: 'auth-only', pending: false },
    { mode: 'auth-only', pending: false },
  ],
  [{ mode: 'auth-and-writes' }, { mode: 'auth-and-writes', pending: false }],
  [
    { mode: 'auth-and-writes', pending: true },
    { mode: 'disabled', pending: true },
  ],
])('a profile with tfa %j is understood', async (tfa, status) => {
  const { registry } = registryWith([read, { body: { name: 'alice', tfa } }]);
  expect(await registry.secondFactorStatus(token)).toEqual(status);
});

test.each(['yes', true, {}, { mode: 'sometimes' }, []])('a profile with tfa %j is refused', async (tfa) => {
  const { registry } = registryWith([read, { body: { tfa } }]);
  await expect(registry.secondFactorStatus(token)).rejects.toMatchObject({ code: 'E_REGISTRY' });
});

test('an enrolment sends the password in a body that does not print', async () => {
  const { registry, sent } = registryWith([read, { body: { tfa: false } }], [write, { body: { tfa: uri } }]);
  const enrolment = await registry.beginEnrolment({ token }, password, 'auth-and-writes');
  expect(enrolment?.expose()).toBe(uri);
  expect(sent[1]?.bodyIsSecret).toBe(true);
  expect(JSON.parse(String(sent[1]?.body))).toEqual({
    tfa: { password: 'pass word', mode: 'auth-and-writes' },
  });
});

test('an enrolment that was never confirmed is taken back first', async () => {
  const { registry, sent } = registryWith(
    [read, { body: { tfa: { mode: 'auth-only', pending: true } } }],
    [write, { body: { tfa: null } }],
    [write, { body: { tfa: uri } }],
  );
  await registry.beginEnrolment({ token }, password, 'auth-only');
  expect(JSON.parse(String(sent[1]?.body))).toEqual({ tfa: { password: 'pass word', mode: 'disable' } });
});

test('an account that is enrolled changes its mode, with a code', async () => {
  const active = { body: { tfa: { mode: 'auth-only', pending: false } } };
  const { registry, sent } = registryWith(
    [read, active],
    [write, challenge],
    [read, active],
    [write, { body: { tfa: { mode: 'auth-and-writes' } } }],
  );
  const begin = (proof: typeof proofs | { token: Secret }) =>
    registry.beginEnrolment(proof, password, 'auth-and-writes');
  await expect(begin({ token })).rejects.toBeInstanceOf(SecondFactorRequired);
  expect(await begin(proofs)).toBeUndefined();
  expect(sent[3]?.oneTimePassword).toBe('123456');
});

test.each([
  'https://registry.example/',
  'otpauth://totp/x',
  'otpauth://totp/x?secret=short',
  'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP\u001b[2J',
  'otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP',
  { mode: 'auth-only' },
  null,
])('an enrolment answered with %j is refused', async (tfa) => {
  const { registry } = registryWith([read, { body: { tfa: null } }], [write, { body: { tfa } }]);
  const enrolling = registry.beginEnrolment({ token }, password, 'auth-and-writes');
  await expect(enrolling).rejects.toMatchObject({ code: 'E_REGISTRY' });
});

test('confirming sends the code and gives the recovery codes', async () => {
  const { registry, sent } = registryWith([write, { body: { tfa: ['11112222', '3333 4444'] } }]);
  const codes = await registry.confirmEnrolment({ token }, new Secret('123456'));
  expect(codes.map((code) => code.expose())).toEqual(['11112222', '3333 4444']);
  expect(sent[0]?.bodyIsSecret).toBe(true);
  expect(JSON.parse(String(sent[0]?.body))).toEqual({ tfa: ['123456'] });
});

test.each([null, 'x', [1], ['a\u001b[2J'], Array(101).fill('11112222')])(
  'recovery codes of %j are refused',
  async (tfa) => {
    const { registry } = registryWith([write, { body: { tfa } }]);
    const confirming = registry.confirmEnrolment({ token }, new Secret('123456'));
    await expect(confirming).rejects.toMatchObject({ code: 'E_REGISTRY' });
  },
);

test('turning the factor off is believed only when the registry says it is off', async () => {
  const off = registryWith([write, { body: { tfa: null } }]);
  await off.registry.disableSecondFactor(proofs, password);
  expect(off.sent[0]).toMatchObject({ oneTimePassword: '123456', bodyIsSecret: true });
  const on = registryWith([write, { body: { tfa: { mode: 'auth-only' } } }]);
  const disabling = on.registry.disableSecondFactor(proofs, password);
  await expect(disabling).rejects.toMatchObject({ code: 'E_REGISTRY' });
});

test.each([
  [true, { publish_requires_tfa: true, automation_token_overrides_tfa: false }],
  [false, { publish_requires_tfa: false }],
])('requiring a second factor: %s', async (required, body) => {
  const { registry, sent } = registryWith([
    'POST /npm/-/package/@acme%2ftool/access',
    { status: 200, body: {} },
  ]);
  await registry.setRequireSecondFactor(proofs, '@acme/tool', required);
  expect(JSON.parse(String(sent[0]?.body))).toEqual(body);
  expect(sent[0]?.oneTimePassword).toBe('123456');
});

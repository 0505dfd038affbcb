import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { Registry, SecondFactorStatus } from '../../../src/ecosystems/registry.ts';
import { PubError } from '../../../src/errors.ts';
import { SecondFactorRequired } from '../../../src/second-factor/challenge.ts';
import { Secret } from '../../../src/secret.ts';
import { run } from '../../support/run.ts';
import { memoryCredentials, scriptedRegistries, scriptedRegistry } from '../../support/scripted-context.ts';

const seed = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const uri = `otpauth://totp/registry.example:alice?secret=${seed}&issuer=registry.example`;

/** An account without a factor; its app shows 123456. */
function account(given: Partial<Registry> = {}, status: Partial<SecondFactorStatus> = {}) {
  const calls: string[] = [];
  const registry = scriptedRegistry({
    secondFactorStatus: async () => ({ mode: 'disabled', pending: false, ...status }),
    async beginEnrolment({ oneTimePassword }, password, mode) {
      calls.push(`begin ${mode} ${oneTimePassword?.expose() ?? 'without code'}`);
      if (password.expose() !== 'correct horse') throw new PubError('E_LOGIN_REFUSED', 'wrong password');
      return new Secret(uri);
    },
    async confirmEnrolment(_proofs, code) {
      calls.push('confirm');
      if (code.expose() === '123456') return [new Secret('11112222'), new Secret('33334444')];
      throw new SecondFactorRequired({ kind: 'refused', text: 'wrong code' });
    },
    ...given,
  });
  return { registry, calls };
}

function at(registry: Registry): Partial<Context> {
  const credentials = memoryCredentials('secret-token');
  return { registries: scriptedRegistries(), credentials, connect: async () => registry };
}

describe('2fa enable', () => {
  it('shows the secret, asks for a code, and prints the recovery codes', async () => {
    const { registry, calls } = account();
    const outcome = await run('2fa enable', {
      ...at(registry),
      answers: [
        ['password', 'correct horse'],
        ['your app shows', '123456'],
      ],
    });
    expect(outcome).toMatchInlineSnapshot(`
      {
        "exitCode": 0,
        "stderr": "Add this to an authenticator app: scan it, or type the secret:
      secret  JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
           Enabled the second factor
      Each of these recovery codes logs you in once without your device. A registry may hold the account
      for some days after that, so that you hear of it. They are shown only now: keep them where your
      device is not.
      ",
        "stdout": "11112222
      33334444
      ",
      }
    `);
    expect(calls).toEqual(['begin auth-and-writes without code', 'confirm']);
  });

  it('asks again after a mistyped code, three times at most', async () => {
    const { registry, calls } = account();
    const wrong = ['your app shows', '000000'] as const;
    const answers = [['password', 'correct horse'], wrong, wrong, wrong] as const;
    const outcome = await run('2fa enable', { ...at(registry), answers });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toBe('');
    expect(outcome.stderr.slice(outcome.stderr.indexOf('error:'))).toMatchInlineSnapshot(`
      "error: the code was not accepted
      caused by: wrong code
      hint: check the clock of your device, then run \`pub 2fa confirm\`
      "
    `);
    expect(calls).toHaveLength(4);
  });

  it('does not ask again when the registry is what failed', async () => {
    const failure = new PubError('E_SECOND_FACTOR', 'failed to confirm', { cause: new Error('403: wait') });
    const { registry } = account({ confirmEnrolment: () => Promise.reject(failure) });
    const answers = [['your app shows', '000000']] as const;
    const { exitCode, stderr } = await run('2fa confirm', { ...at(registry), answers });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('caused by: 403: wait');
  });

  it('in a script stops with the secret on stdout, and confirm is the second half', async () => {
    const { registry } = account();
    const given = { ...at(registry), standardInput: 'correct horse' };
    const begun = await run('2fa enable --password-stdin --mode auth-only --json', given);
    expect(JSON.parse(begun.stdout)).toEqual({
      mode: 'auth-only',
      pending: true,
      otpauth: uri,
      secret: seed,
    });
    const confirmed = await run('2fa confirm --otp 123456 --json', at(registry));
    expect(JSON.parse(confirmed.stdout)).toEqual({ enabled: true, recoveryCodes: ['11112222', '33334444'] });
  });

  it('refuses a wrong code of --otp without asking', async () => {
    const { exitCode, stderr } = await run('2fa confirm --otp 000000', at(account().registry));
    expect(exitCode).toBe(1);
    expect(stderr).toContain('error: the code was not accepted');
  });

  it('does nothing when it is enabled in that mode', async () => {
    const { registry, calls } = account({}, { mode: 'auth-and-writes' });
    const { exitCode, stderr } = await run('2fa enable', at(registry));
    expect(exitCode).toBe(0);
    expect(stderr).toContain('already enabled');
    expect(calls).toEqual([]);
  });

  it('begins again when an enrolment is pending', async () => {
    const { registry, calls } = account({}, { mode: 'disabled', pending: true });
    const given = { ...at(registry), standardInput: 'correct horse' };
    expect((await run('2fa enable --password-stdin', given)).exitCode).toBe(0);
    expect(calls).toHaveLength(1);
  });

  it('changes the mode of an account that has a factor, with a code of it', async () => {
    const { registry } = account(
      {
        async beginEnrolment({ oneTimePassword }) {
          if (oneTimePassword?.expose() === '123456') return undefined;
          throw new SecondFactorRequired({ kind: 'missing', text: 'code of your factor' });
        },
      },
      { mode: 'auth-only' },
    );
    const answers = [
      ['password', 'correct horse'],
      ['code of your factor', '123456'],
    ] as const;
    const { stdout, stderr } = await run('2fa enable', { ...at(registry), answers });
    expect(stdout).toBe('');
    expect(stderr).toContain('Changed the second factor to auth-and-writes');
  });

  it.each([
    'https://registry.example/?secret=JBSWY3DPEHPK3PXP',
    'otpauth://totp/x',
    'otpauth://totp/x?secret=../..',
  ])('refuses %s as a secret', async (text) => {
    const { registry } = account({ beginEnrolment: async () => new Secret(text) });
    const given = { ...at(registry), standardInput: 'correct horse' };
    const { exitCode, stdout } = await run('2fa enable --password-stdin', given);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
  });

  it('without a terminal says how to go without one', async () => {
    const { exitCode, stderr } = await run('2fa enable', at(account().registry));
    expect(exitCode).toBe(1);
    expect(stderr).toMatchInlineSnapshot(`
      "error: cannot ask "password of your account": this is not a terminal
      hint: pass --password-stdin
      "
    `);
  });
});

describe('2fa status and disable', () => {
  it('prints the mode', async () => {
    const { registry } = account({}, { mode: 'auth-only' });
    expect((await run('2fa status', at(registry))).stdout).toBe('auth-only\n');
    const pending = account({}, { pending: true }).registry;
    const { stdout, stderr } = await run('2fa status', at(pending));
    expect(stdout).toBe('disabled\n');
    expect(stderr).toContain('pub 2fa confirm');
    expect(JSON.parse((await run('2fa status --json', at(pending))).stdout)).toEqual({
      mode: 'disabled',
      pending: true,
    });
  });

  it('disables with the password and a code', async () => {
    const given: string[] = [];
    const { registry } = account({
      async disableSecondFactor({ oneTimePassword }, password) {
        if (oneTimePassword === undefined)
          throw new SecondFactorRequired({ kind: 'missing', text: 'code, please' });
        given.push(password.expose(), oneTimePassword.expose());
      },
    });
    const answers = [
      ['password', 'correct horse'],
      ['code, please', '123456'],
    ] as const;
    expect((await run('2fa disable', { ...at(registry), answers })).exitCode).toBe(0);
    expect(given).toEqual(['correct horse', '123456']);
  });
});

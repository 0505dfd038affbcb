import type { SecondFactorMode } from '../ecosystems/registry.ts';
import { PubError } from '../errors.ts';
import { SecondFactorRequired } from '../second-factor/challenge.ts';
import { type OneTimePasswordSource, withSecondFactor } from '../second-factor/with-second-factor.ts';
import { Secret } from '../secret.ts';
import { passwordFor } from './account-password.ts';
import { type AuthenticatedConnection, openAuthenticated } from './authenticated.ts';
import type { LogInContext } from './log-in.ts';
import { oneTimePasswordSource } from './one-time-password.ts';
import { withHint } from './with-hint.ts';

interface TwoFactorRequest {
  readonly registry: string | undefined;
  readonly oneTimePassword: Secret | undefined;
}

interface PasswordRequest extends TwoFactorRequest {
  /** The password comes from standard input, so nobody can be asked for the code either. */
  readonly passwordFromStandardInput: boolean;
}

/** How often a mistyped code is asked for again while enrolling; registries throttle soon after. */
const confirmationAttempts = 3;

/** Says whether the account has a second factor, and when it is asked for. */
export async function secondFactorStatus(
  context: LogInContext,
  request: { readonly registry: string | undefined },
): Promise<void> {
  const { registry, withToken } = await openAuthenticated(context, { explicit: request.registry });
  const status = await withToken((token) => registry.secondFactorStatus(token));
  if (status.pending)
    context.terminal.note('An enrolment was begun and not confirmed: run `pub 2fa confirm`.');
  context.terminal.result({ mode: status.mode, pending: status.pending }, status.mode);
}

/**
 * Enrols an authenticator app, or changes the mode of an account that has one. Beginning again while an
 * enrolment is pending gives a new secret; the one shown before is dead then. With the password on standard
 * input it stops after the secret was shown, and `confirmSecondFactor` is the second half.
 */
export async function enableSecondFactor(
  context: LogInContext,
  request: PasswordRequest & { readonly mode: SecondFactorMode },
): Promise<void> {
  const connection = await openAuthenticated(context, { explicit: request.registry });
  const { registry, withToken } = connection;
  const before = await withToken((token) => registry.secondFactorStatus(token));
  if (before.mode === request.mode && !before.pending) {
    context.terminal.note(`The second factor is already enabled (${request.mode}).`);
    context.terminal.result({ mode: request.mode, changed: false }, '');
    return;
  }
  const uri = await beginEnrolment(context, connection, request);
  if (uri === undefined) {
    context.terminal.status('Changed', `the second factor to ${request.mode}`);
    context.terminal.result({ mode: request.mode, changed: true }, '');
    return;
  }
  const secret = secretOf(uri);
  if (request.passwordFromStandardInput) {
    context.terminal.note('Not active yet: confirm with `pub 2fa confirm --otp <code>`.');
    context.terminal.result(
      { mode: request.mode, pending: true, otpauth: uri.expose(), secret: secret.expose() },
      uri.expose(),
    );
    return;
  }
  await showEnrolment(context, uri, secret);
  reportRecoveryCodes(context, await confirm(context, connection, askForCode(context)));
}

/** The second half of an enrolment that was begun before. */
export async function confirmSecondFactor(context: LogInContext, request: TwoFactorRequest): Promise<void> {
  const connection = await openAuthenticated(context, { explicit: request.registry });
  const source = oneTimePasswordSource(context, request.oneTimePassword);
  reportRecoveryCodes(context, await confirm(context, connection, source));
}

export async function disableSecondFactor(context: LogInContext, request: PasswordRequest): Promise<void> {
  const { registry, withToken } = await openAuthenticated(context, { explicit: request.registry });
  const password = await passwordFor(context, request);
  const source = oneTimePasswordSource(context, request.oneTimePassword, registry);
  await withHint(stillRequired, () =>
    withSecondFactor(source, (oneTimePassword) =>
      withToken((token) => registry.disableSecondFactor({ token, oneTimePassword }, password)),
    ),
  );
  context.terminal.status('Disabled', `the second factor at ${registry.displayUrl}`);
  context.terminal.result({ mode: 'disabled' }, '');
}

const stillRequired = {
  E_SECOND_FACTOR: 'leave it, or have an owner lift that with `pub owner require-2fa <package> --off`',
};

async function beginEnrolment(
  context: LogInContext,
  { registry, withToken }: AuthenticatedConnection,
  request: PasswordRequest & { readonly mode: SecondFactorMode },
): Promise<Secret | undefined> {
  const password = await passwordFor(context, request);
  return await withSecondFactor(
    oneTimePasswordSource(context, request.oneTimePassword, registry),
    (oneTimePassword) =>
      withToken((token) => registry.beginEnrolment({ token, oneTimePassword }, password, request.mode)),
  );
}

/** The secret is shown as text as well: not everybody scans, and a password manager takes it pasted. */
async function showEnrolment({ terminal }: LogInContext, uri: Secret, secret: Secret): Promise<void> {
  terminal.note('Add this to an authenticator app: scan it, or type the secret:');
  await terminal.qrCode(uri.expose());
  terminal.fields([['secret', secret.expose()]]);
}

function secretOf(uri: Secret): Secret {
  const text = uri.expose();
  const secret = URL.canParse(text) ? new URL(text).searchParams.get('secret') : null;
  if (!text.startsWith('otpauth://totp/') || secret === null || !/^[A-Z2-7]{16,}=*$/i.test(secret)) {
    throw new PubError('E_REGISTRY', 'the registry gave no usable secret for an authenticator app');
  }
  return new Secret(secret);
}

/** For a secret that was just shown: a code given beforehand can only belong to another one. */
function askForCode(context: LogInContext): OneTimePasswordSource {
  return { ...oneTimePasswordSource(context, undefined), given: undefined };
}

async function confirm(
  context: LogInContext,
  { registry, withToken }: AuthenticatedConnection,
  source: OneTimePasswordSource,
): Promise<readonly Secret[]> {
  const attempts = source.given === undefined ? confirmationAttempts : 1;
  for (let left = attempts; ; left -= 1) {
    const code = source.given ?? (await source.ask({ text: 'the one your app shows now' }));
    try {
      return await withToken((token) => registry.confirmEnrolment({ token }, code));
    } catch (error) {
      if (!(error instanceof SecondFactorRequired)) throw error;
      if (left <= 1) throw refused(error);
      context.terminal.warn(
        'that code was not accepted: check the clock of your device, and try the next one',
      );
    }
  }
}

function refused(cause: SecondFactorRequired): PubError {
  return new PubError('E_SECOND_FACTOR', 'the code was not accepted', {
    cause,
    hint: 'check the clock of your device, then run `pub 2fa confirm`',
  });
}

function reportRecoveryCodes({ terminal }: LogInContext, codes: readonly Secret[]): void {
  const lines = codes.map((code) => code.expose());
  terminal.status('Enabled', 'the second factor');
  terminal.note(
    'Each of these recovery codes logs you in once without your device. A registry may hold the account\n' +
      'for some days after that, so that you hear of it. They are shown only now: keep them where your\n' +
      'device is not.',
  );
  terminal.result({ enabled: true, recoveryCodes: lines }, lines.join('\n'));
}

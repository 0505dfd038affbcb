import type { Context } from '../context.ts';
import { PubError } from '../errors.ts';
import type { OneTimePasswordSource } from '../second-factor/with-second-factor.ts';
import { Secret } from '../secret.ts';

/** Codes are six or eight digits, recovery codes and web proofs longer; none is near this. */
const longestCode = 128;

/**
 * Checks the form of a code, so that a typing mistake costs no attempt and nothing but letters and digits
 * gets into a header. Spaces are dropped: phones show a code as `123 456`. Throws `E_USAGE` without the value.
 */
export function parseOneTimePassword(text: string, origin: string): Secret {
  const code = text.replaceAll(/\s/g, '');
  if (code.length === 0 || code.length > longestCode || !/^[A-Za-z0-9-]+$/.test(code)) {
    throw new PubError('E_USAGE', `the value of ${origin} is not a one-time password`, {
      hint: 'give the digits your authenticator app shows, such as `--otp 123456`',
    });
  }
  return new Secret(code);
}

/** `--otp`, else `PUB_OTP`, else the person is asked. */
export function oneTimePasswordSource(
  context: Pick<Context, 'prompter' | 'environmentOneTimePassword'>,
  option: Secret | undefined,
): OneTimePasswordSource {
  const fromEnvironment = context.environmentOneTimePassword;
  const given =
    option ?? (fromEnvironment && parseOneTimePassword(fromEnvironment.expose(), 'the variable PUB_OTP'));
  return { given, ask: (reason) => askOneTimePassword(context, reason) };
}

async function askOneTimePassword(context: Pick<Context, 'prompter'>, reason: string): Promise<Secret> {
  const answer = await context.prompter.secret({
    message: `one-time password (${reason})`,
    instead: 'pass --otp <code> or set PUB_OTP',
  });
  return parseOneTimePassword(answer.expose(), 'the answer');
}

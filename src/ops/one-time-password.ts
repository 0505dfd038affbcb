import type { Context } from '../context.ts';
import type { Registry } from '../ecosystems/registry.ts';
import { PubError } from '../errors.ts';
import type { OneTimePasswordSource, Reason } from '../second-factor/with-second-factor.ts';
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

/** `--otp`, else `PUB_OTP`, else the person is asked, or sent to a browser where the registry has a page. */
export function oneTimePasswordSource(
  context: Pick<Context, 'prompter' | 'environmentOneTimePassword'>,
  option: Secret | undefined,
  registry?: Pick<Registry, 'collect'>,
  instead = withCode,
): OneTimePasswordSource {
  const fromEnvironment = context.environmentOneTimePassword;
  const given =
    option ?? (fromEnvironment && parseOneTimePassword(fromEnvironment.expose(), 'the variable PUB_OTP'));
  const asking: Asking = { prompter: context.prompter, instead };
  return {
    given,
    ask: (reason) => askPerson({ ...asking, registry }, reason),
    offer: (reason) => offerPerson(asking, reason.text),
  };
}

const withCode = 'pass --otp <code> or set PUB_OTP';

/** For a release, which can also wait for somebody. */
export const withCodeOrStage = `${withCode}; or --stage, where the registry has it, and have it approved`;

interface Asking {
  readonly prompter: Context['prompter'];
  /** What to do where nobody can be asked. */
  readonly instead: string;
}

async function askPerson(
  { registry, ...asking }: Asking & { readonly registry: Pick<Registry, 'collect'> | undefined },
  { text, browser, codes = true }: Reason,
): Promise<Secret> {
  if (browser === undefined || registry === undefined) return await askOneTimePassword(asking, text);
  const typed = codes ? await askCodeOrBrowser(asking, text) : undefined;
  if (typed !== undefined) return typed;
  await asking.prompter.visit({
    message: `Approve in a browser${why(text)}:`,
    url: browser.pageUrl,
    instead: asking.instead,
  });
  return await registry.collect(browser);
}

async function offerPerson({ prompter, instead }: Asking, reason: string): Promise<Secret | undefined> {
  const message = `one-time password, or Enter to see what the registry asks for${why(reason)}`;
  try {
    const answer = await prompter.optionalSecret({ message, instead });
    return answer && parseOneTimePassword(answer.expose(), 'the answer');
  } catch (error) {
    if (error instanceof PubError && error.code === 'E_NOT_INTERACTIVE') return undefined;
    throw error;
  }
}

async function askOneTimePassword({ prompter, instead }: Asking, reason: string): Promise<Secret> {
  const answer = await prompter.secret({ message: `one-time password${why(reason)}`, instead });
  return parseOneTimePassword(answer.expose(), 'the answer');
}

async function askCodeOrBrowser({ prompter, instead }: Asking, reason: string): Promise<Secret | undefined> {
  const message = `one-time password, or Enter to approve in a browser${why(reason)}`;
  const answer = await prompter.optionalSecret({ message, instead });
  return answer && parseOneTimePassword(answer.expose(), 'the answer');
}

/** In brackets. npm's clients look for the sentence that registries begin a challenge with; here it says nothing new. */
function why(reason: string): string {
  const rest = reason.replace(/^you must provide a one-time pass(word|code)?\b[.:,;]?\s*/i, '');
  return rest === '' ? '' : ` (${rest})`;
}

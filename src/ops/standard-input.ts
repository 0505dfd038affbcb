import type { Context } from '../context.ts';
import { PubError } from '../errors.ts';
import { isTokenText, Secret } from '../secret.ts';

/**
 * One secret from standard input, as `printf %s "$TOKEN" | pub …` or a file with a closing newline gives it.
 * More than a line, control characters or nothing at all is `E_USAGE`: a secret cut short would be tried
 * against the registry and be counted as a wrong one.
 */
export async function readSecretLine(
  context: Pick<Context, 'readStandardInput'>,
  thing: 'token' | 'password',
): Promise<Secret> {
  const text = (await context.readStandardInput()).replace(/\r?\n$/, '');
  const line = thing === 'token' ? text.trim() : text;
  if (line === '') throw notOne(thing, 'is empty');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\x00-\x1f\x7f]/.test(line)) throw notOne(thing, 'has more than one line or control characters');
  if (thing === 'token' && !isTokenText(line)) throw notOne(thing, 'has characters no token has');
  return new Secret(line);
}

function notOne(thing: string, why: string): PubError {
  return new PubError('E_USAGE', `standard input ${why}, where a ${thing} was expected`, {
    hint: `pipe the ${thing} and nothing else into the command`,
  });
}

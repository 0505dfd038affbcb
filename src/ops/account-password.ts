import type { Context } from '../context.ts';
import type { Secret } from '../secret.ts';
import { readSecretLine } from './standard-input.ts';

/** The password of the account, from standard input or from the person. Never from an argument. */
export async function passwordFor(
  context: Pick<Context, 'prompter' | 'readStandardInput'>,
  request: { readonly passwordFromStandardInput: boolean },
): Promise<Secret> {
  if (request.passwordFromStandardInput) return await readSecretLine(context, 'password');
  return await context.prompter.secret({
    message: 'password of your account',
    instead: 'pass --password-stdin',
  });
}

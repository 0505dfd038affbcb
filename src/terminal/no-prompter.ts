import { PubError } from '../errors.ts';
import type { Prompter, Question } from './prompter.ts';

/** Where there is nobody to ask: without a terminal. `hint` replaces that of a question that knows no better. */
export function createUnavailablePrompter(hint?: string): Prompter {
  async function refuse({ message, instead }: Question): Promise<never> {
    throw new PubError('E_NOT_INTERACTIVE', `cannot ask "${message}": this is not a terminal`, {
      hint: hint ?? instead,
    });
  }
  return { text: refuse, secret: refuse, optionalSecret: refuse, visit: refuse, confirm: refuse };
}

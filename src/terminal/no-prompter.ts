import { PubError } from '../errors.ts';
import type { Prompter, Question } from './prompter.ts';

/** Where there is nobody to ask: without a terminal. */
export function createUnavailablePrompter(): Prompter {
  return { text: refuse, secret: refuse, optionalSecret: refuse, visit: refuse, confirm: refuse };
}

async function refuse({ message, instead }: Question): Promise<never> {
  throw new PubError('E_NOT_INTERACTIVE', `cannot ask "${message}": this is not a terminal`, {
    hint: instead,
  });
}

import type { Secret } from '../secret.ts';

/** What to use instead of an answer at the terminal, such as "pass --otp <code> or set PUB_OTP". */
export interface Question {
  readonly message: string;
  /** Completes the sentence "this is not a terminal: …". Told to the person when nobody can be asked. */
  readonly instead: string;
}

/** A page a person is sent to. */
export interface Page extends Question {
  readonly url: string;
}

/**
 * Asks the person, on stderr, so that stdout stays clean. Where there is nobody to ask, an implementation
 * throws `E_NOT_INTERACTIVE` naming what to use instead; so no operation asks whether this is a terminal.
 * Ctrl-C throws `E_INTERRUPTED`.
 */
export interface Prompter {
  text(question: Question): Promise<string>;
  /** Nothing typed is shown. */
  secret(question: Question): Promise<Secret>;
  /** As `secret`, where a bare return is an answer too: `undefined`. */
  optionalSecret(question: Question): Promise<Secret | undefined>;
  /** Shows a page's address, and opens it in a browser where there is one. Does not wait for the person. */
  visit(page: Page): Promise<void>;
  /** Answers false on a bare return. */
  confirm(question: Question): Promise<boolean>;
}

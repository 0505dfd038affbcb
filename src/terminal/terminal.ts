import type { Json, JsonObject } from '../json.ts';

/** One row of a two-column listing: a name and its value. */
export type Field = readonly [name: string, value: string];

/** Says how far a long transfer is. Silent for the first second, and where nobody is watching. */
export interface Progress {
  /** `done` counts in the unit of the total. */
  update(done: number): void;
  /** Removes the line. Safe to call twice. */
  finish(): void;
}

/** A failure as it is told. */
export interface TerminalError {
  readonly code: string;
  readonly message: string;
  readonly causes: readonly string[];
  readonly hint: string | undefined;
  /** For programs: told with `--json` alone. */
  readonly details?: JsonObject;
}

/**
 * All output of the program. Results go to stdout, conversation to stderr, so that `pub whoami | …` and
 * `--json` always work. An implementation strips control characters from everything it is given: much of
 * it was written by a registry or a package.
 */
export interface Terminal {
  /**
   * The result of a command: with `--json` the value as JSON on stdout, otherwise the text on stdout.
   * Called at most once a command. An empty text prints nothing.
   */
  result(value: Json, text: string): void;
  /** A status line as cargo's: a right-aligned past-tense verb, then the thing. stderr. */
  status(verb: string, text: string): void;
  /** Lines of explanation on stderr, such as a summary before a question. */
  note(text: string): void;
  /** Aligned `name  value` lines on stderr. */
  fields(fields: readonly Field[]): void;
  /** Something the person should know, that stops nothing. stderr. */
  warn(text: string): void;
  /** A failure, printed once, by `main`. stderr; with `--json` also as JSON on stdout. */
  error(error: TerminalError): void;
  /** Text to be scanned by a phone camera, drawn as a QR code on stderr. Draws nothing where no person looks. */
  qrCode(text: string): Promise<void>;
  progress(label: string, total: number, unit?: 'bytes' | 'files'): Progress;
}

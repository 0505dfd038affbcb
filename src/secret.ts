/**
 * Whether a text can be a token: visible ASCII. Some Cargo registries have people write the scheme of the header as a
 * part of it, `Bearer …`.
 */
export function isTokenText(text: string): boolean {
  return /^((Bearer|Basic|Token) )?[\x21-\x7e]+$/i.test(text);
}

/** `inspect.custom` by its documented name: importing `node:util` takes longer than the rest of the start. */
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

/**
 * A value that does not print. Wrapped where it enters the program (a prompt, the environment, the
 * keychain, a login answer) and unwrapped with {@link Secret.expose} where it leaves (a request header,
 * the keychain). Every accidental way out, string templates, JSON and `console.log` among them, shows
 * `[secret]`.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Search for this word to find every place a secret leaves the program. */
  expose(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspectCustom](): string {
    return '[secret]';
  }
}

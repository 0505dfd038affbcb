import { type Environment, type NpmrcLayer, type NpmrcValue, replaceVariables } from './npmrc.ts';

/** npm's settings as layers: the first that has a key decides. */
export class LayeredSettings {
  readonly layers: readonly NpmrcLayer[];
  readonly #environment: Environment;

  constructor(layers: readonly NpmrcLayer[], environment: Environment) {
    this.layers = layers;
    this.#environment = environment;
  }

  /** As written, from the first layer that has the key. */
  raw(key: string): NpmrcValue | undefined {
    return this.layers.find((layer) => layer.values.has(key))?.values.get(key);
  }

  /** With variables replaced; `undefined` for an unset, empty, null or list value. */
  text(key: string): string | undefined {
    const value = this.raw(key);
    if (typeof value === 'boolean') return String(value);
    if (typeof value !== 'string' || value.trim() === 'null') return undefined;
    const text = replaceVariables(value.trim(), this.#environment);
    return text === '' ? undefined : text;
  }

  /** As npm reads a list: an array of the file, or one text with empty lines between the members. */
  list(key: string): readonly string[] | undefined {
    const value = this.raw(key);
    const members = Array.isArray(value) ? value : this.text(key)?.split('\n\n');
    return members?.map((member) => replaceVariables(member, this.#environment));
  }
}

import { describe, expect, test } from 'vitest';
import {
  addProvider,
  parseConfig,
  providersOf,
  removeProvider,
} from '../../../src/config/edit-cargo-providers.ts';
import { PubError } from '../../../src/errors.ts';

const ours = 'cargo-credential-pub';
const line = `global-credential-providers = ["cargo:token", "${ours}"] # by \`pub setup cargo\`; \`pub setup cargo --undo\` removes this line`;
const comment = '# keep = "this" [registry]  \n';
const lab = '[registries.lab]\nindex = "sparse+http://127.0.0.1/index/"  # ours\n';

/** What stands there, and what shall. */
const texts: Readonly<Record<string, readonly [before: string, after: string]>> = {
  'an empty file': ['', `registry.${line}\n`],
  'a file without the table': [comment + lab, `registry.${line}\n${comment}${lab}`],
  'a file without an end of line': ['[net]\nretry = 2', `registry.${line}\n[net]\nretry = 2`],
  'Windows line ends': ['# a\r\n[net]\r\nretry = 2\r\n', `registry.${line}\r\n# a\r\n[net]\r\nretry = 2\r\n`],
  'a table': [
    `${lab}[registry] # mine\ndefault = "lab"\n`,
    `${lab}[registry] # mine\n${line}\ndefault = "lab"\n`,
  ],
  'a table with Windows line ends': [
    '[ "registry" ]\r\ndefault = "lab"\r\n',
    `[ "registry" ]\r\n${line}\r\ndefault = "lab"\r\n`,
  ],
  'a table at the end of the file': ['[net]\nretry = 2\n[registry]', `[net]\nretry = 2\n[registry]\n${line}`],
  'a header in a comment and in a text before the real one': [
    'x = """\n[registry]\n"""\n# [registry]\n[registry]\ndefault = "lab"\n',
    `x = """\n[registry]\n"""\n# [registry]\n[registry]\n${line}\ndefault = "lab"\n`,
  ],
  'dotted keys': ['registry.default = "lab"\n', `registry.${line}\nregistry.default = "lab"\n`],
  'a table in one line': [
    'registry = { default = "lab" } # mine\n',
    `registry = { global-credential-providers = ['cargo:token', '${ours}'], default = "lab" } # mine\n`,
  ],
  'an empty table in one line': [
    'registry = {}\n',
    `registry = {global-credential-providers = ['cargo:token', '${ours}']}\n`,
  ],
  'a list': [
    '[registry]\nglobal-credential-providers = ["cargo:libsecret"] # mine\n',
    `[registry]\nglobal-credential-providers = ["cargo:libsecret", "${ours}"] # mine\n`,
  ],
  "a list with cargo's default alone": [
    '[registry]\nglobal-credential-providers = ["cargo:token"]\n',
    `[registry]\nglobal-credential-providers = ["cargo:token", "${ours}"]\n`,
  ],
  'an empty list': [
    '[registry]\nglobal-credential-providers = [ ]\n',
    `[registry]\nglobal-credential-providers = ["${ours}" ]\n`,
  ],
  'a list of several lines with a trailing comma and comments': [
    '[registry]\nglobal-credential-providers = [\n  "cargo:token", # "no" ]\n  \'cargo:libsecret\' , # last\n]\n',
    `[registry]\nglobal-credential-providers = [\n  "cargo:token", # "no" ]\n  'cargo:libsecret', "${ours}" , # last\n]\n`,
  ],
  'a list in a table of one line': [
    'registry = { global-credential-providers = ["cargo:token"], default = "lab" }\n',
    `registry = { global-credential-providers = ["cargo:token", "${ours}"], default = "lab" }\n`,
  ],
  'a list that a comment shows before': [
    '# global-credential-providers = ["cargo:token"]\n[registry]\n"global-credential-providers"=["a b"]\n',
    `# global-credential-providers = ["cargo:token"]\n[registry]\n"global-credential-providers"=["a b", "${ours}"]\n`,
  ],
};

describe.each(Object.entries(texts))('%s', (_name, [before, after]) => {
  test('gets the provider last, and keeps every other byte', () => {
    expect(addProvider(before, ours)).toBe(after);
    expect(providersOf(parseConfig(after))?.at(-1)).toBe(ours);
  });

  test('stays as it is the second time', () => {
    expect(addProvider(after, ours)).toBe(after);
  });

  test('is what it was once that is undone', () => {
    expect(removeProvider(after, ours)).toBe(before);
  });

  test('has nothing to undo before', () => {
    expect(removeProvider(before, ours)).toBe(before);
  });
});

describe('the list of credential providers', () => {
  test('takes a path, and texts that TOML escapes', () => {
    const path = 'C:\\tools\\cargo-credential-pub.cmd';
    const text = addProvider('', path);
    expect(providersOf(parseConfig(text))).toEqual(['cargo:token', path]);
    expect(removeProvider(text, path)).toBe('');
  });

  test('keeps what was written after the setup when that is undone', () => {
    const later = `${addProvider('[net]\nretry = 2\n', ours)}[term]\ncolor = "never"\n`;
    expect(removeProvider(later, ours)).toBe('[net]\nretry = 2\n[term]\ncolor = "never"\n');
  });

  test('loses ours where a person wrote it, in whatever quotes, and no other', () => {
    const text = `[registry]\nglobal-credential-providers = ['${ours}', "cargo:token"]\n`;
    expect(removeProvider(text, ours)).toBe('[registry]\nglobal-credential-providers = ["cargo:token"]\n');
  });

  test.each([
    '[registry]\nglobal-credential-providers = "cargo:token"\n',
    '[registry]\nglobal-credential-providers = ["cargo:token", 1]\n',
    '[registry]\nglobal-credential-providers = [["cargo:token"]]\n',
  ])('that is none is refused: %j', (text) => {
    expect(() => addProvider(text, ours)).toThrow(PubError);
    expect(() => removeProvider(text, ours)).toThrow(PubError);
  });

  test('that the search cannot find is refused, and nothing is guessed', () => {
    const text = '[registry]\n"global\\u002dcredential-providers" = ["cargo:token"]\n';
    expect(() => addProvider(text, ours)).toThrow('written in a way that cannot be edited');
  });

  test('of a file that is no TOML is not edited', () => {
    expect(() => addProvider('[registry\n', ours)).toThrow();
  });
});

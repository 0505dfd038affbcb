import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCargoRegistries } from '../../../src/config/cargo-registries.ts';
import { createCargoSettings } from '../../../src/config/cargo-settings.ts';
import type { RegistryChoice } from '../../../src/config/registries.ts';
import { cratesIoUrl } from '../../../src/config/registry-target.ts';
import { folderWith } from '../ecosystems/npm/temporary-folder.ts';

const lab = 'sparse+https://lab.example/index/';
const other = 'sparse+https://other.example/index/';
const named = (name: string, index: string) => `[registries.${name}]\nindex = "${index}"\n`;

interface Given {
  /** Files below a folder; the command runs in `project/crate`, the user's own are in `home/.cargo`. */
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

async function settings({ files = {}, environment = {} }: Given) {
  const folder = await folderWith({ 'project/crate/a': '', 'home/a': '', ...files });
  return await createCargoSettings({
    environment,
    home: join(folder, 'home'),
    workingDirectory: join(folder, 'project/crate'),
  });
}

describe('the registries of cargo', () => {
  test('come from the variable, the nearest file, the ones above it, then the home', async () => {
    const files = {
      'home/.cargo/config.toml': named('lab', 'sparse+https://home.example/') + named('mine', lab),
      'project/.cargo/config.toml': named('lab', 'sparse+https://above.example/') + named('up', lab),
      'project/crate/.cargo/config.toml': named('lab', 'sparse+https://near.example/'),
    };
    const found = await settings({ files });
    expect(found.indexOf('lab')).toBe('sparse+https://near.example/');
    expect([found.indexOf('up'), found.indexOf('mine'), found.indexOf('none')]).toEqual([
      lab,
      lab,
      undefined,
    ]);
    expect(found.own.indexOf('lab')).toBe('sparse+https://home.example/');
    expect(found.own.indexOf('up')).toBeUndefined();
    const environment = { CARGO_REGISTRIES_LAB_INDEX: other, CARGO_REGISTRIES_MY_REG_INDEX: other };
    const overridden = await settings({ files, environment });
    expect([overridden.indexOf('lab'), overridden.indexOf('my-reg')]).toEqual([other, other]);
    expect(overridden.own.indexOf('lab')).toBe(other);
  });

  test('are read from the file without an ending where there are both, as cargo does', async () => {
    const files = { 'home/.cargo/config': named('lab', lab), 'home/.cargo/config.toml': named('lab', other) };
    expect((await settings({ files })).indexOf('lab')).toBe(lab);
  });

  test('have crates.io among them, which no file can move', async () => {
    const found = await settings({ files: { 'home/.cargo/config.toml': named('crates-io', lab) } });
    expect(found.indexOf('crates-io')).toBe(cratesIoUrl);
  });

  test.each([
    ['in git', named('lab', 'https://git.example/index'), 'is not a sparse index'],
    ['over ssh', named('lab', 'ssh://git@git.example/index'), 'is not a sparse index'],
    ['with a password', named('lab', 'sparse+https://a:b@lab.example/'), 'holds a user name or password'],
  ])('are refused with an index %s, only when they are meant', async (_what, text, message) => {
    const found = await settings({ files: { 'project/.cargo/config.toml': text } });
    expect(() => found.indexOf('lab')).toThrow(message);
    expect(found.indexOf('none')).toBeUndefined();
    expect(found.environmentToken(lab)).toBeUndefined();
  });

  test('a broken file is an error that names it', async () => {
    const files = { 'project/.cargo/config.toml': '[registries' };
    await expect(settings({ files })).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining('config.toml'),
    });
  });
});

describe('a token in the environment', () => {
  const token = { CARGO_REGISTRIES_LAB_TOKEN: 'the-token' };

  test("belongs to the index that the user's own file gives its name", async () => {
    const found = await settings({
      files: { 'home/.cargo/config.toml': named('lab', lab) },
      environment: token,
    });
    expect(found.environmentToken(lab)?.variable).toBe('CARGO_REGISTRIES_LAB_TOKEN');
    expect(found.environmentToken(lab)?.token.expose()).toBe('the-token');
    expect(found.environmentToken(other)).toBeUndefined();
  });

  test('does not follow its name to where a repository sends it, and that is told', async () => {
    const files = {
      'home/.cargo/config.toml': named('lab', lab),
      'project/.cargo/config.toml': named('lab', 'sparse+https://evil.example/'),
    };
    const found = await settings({ files, environment: token });
    expect(found.indexOf('lab')).toBe('sparse+https://evil.example/');
    expect(found.environmentToken('sparse+https://evil.example/')).toBeUndefined();
    expect(found.unusedVariable('sparse+https://evil.example/')).toBe('CARGO_REGISTRIES_LAB_TOKEN');
    expect(found.environmentToken(lab)?.token.expose()).toBe('the-token');
  });

  test('is not for a registry that only a repository names', async () => {
    const found = await settings({
      files: { 'project/.cargo/config.toml': named('lab', lab) },
      environment: token,
    });
    expect(found.environmentToken(lab)).toBeUndefined();
    expect(found.unusedVariable(lab)).toBe('CARGO_REGISTRIES_LAB_TOKEN');
  });

  test('is for the index of the variable beside it', async () => {
    const environment = { ...token, CARGO_REGISTRIES_LAB_INDEX: lab };
    expect((await settings({ environment })).environmentToken(lab)?.token.expose()).toBe('the-token');
  });

  test('without a name is for crates.io alone', async () => {
    const found = await settings({
      files: { 'home/.cargo/config.toml': `${named('lab', lab)}[registry]\ndefault = "lab"\n` },
      environment: { CARGO_REGISTRY_TOKEN: 'for crates.io' },
    });
    expect(found.environmentToken(cratesIoUrl)?.variable).toBe('CARGO_REGISTRY_TOKEN');
    expect(found.environmentToken(lab)).toBeUndefined();
  });
});

describe('the Cargo registry of a command', () => {
  const config = {
    registries: new Map([
      ['mine', 'sparse+https://mine.example/'],
      ['packages', 'https://npm.example/'],
    ]),
    default: undefined as string | undefined,
    logins: new Map(),
  };

  async function chosen(choice: RegistryChoice, given: Given = {}, changes: Partial<typeof config> = {}) {
    const files = { 'project/.cargo/config.toml': named('lab', lab) + named('other', other), ...given.files };
    const environment = given.environment ?? {};
    const registries = createCargoRegistries({
      settings: await settings({ files, environment }),
      environment,
    });
    return registries.resolve(choice, { ...config, ...changes });
  }

  test('is the one of the flag, of PUB_REGISTRY, of registry.default, of package.publish, then crates.io', async () => {
    const environment = { PUB_REGISTRY: 'mine', CARGO_REGISTRY_DEFAULT: 'other' };
    const allowed = ['lab'];
    expect((await chosen({ explicit: 'lab', allowed }, { environment })).url).toBe(lab);
    expect((await chosen({ explicit: lab, allowed }, { environment })).url).toBe(lab);
    expect(await chosen({}, { environment })).toMatchObject({
      name: 'mine',
      url: 'sparse+https://mine.example/',
    });
    expect((await chosen({}, { environment: { CARGO_REGISTRY_DEFAULT: 'other' } })).url).toBe(other);
    expect(await chosen({ allowed })).toMatchObject({
      name: undefined,
      url: lab,
      chosenBy: 'package.publish',
    });
    expect((await chosen({}, {}, { default: 'mine' })).url).toBe('sparse+https://mine.example/');
    expect(await chosen({}, {}, { default: 'packages' })).toMatchObject({
      name: 'crates-io',
      url: cratesIoUrl,
    });
  });

  test.each([
    ['is not in package.publish', { explicit: 'lab', allowed: ['other'] }, 'does not allow publishing to'],
    ['is not in package.publish, by its URL', { explicit: lab, allowed: ['other'] }, 'does not allow'],
    ['is one of several', { allowed: ['lab', 'other'] }, 'names several registries'],
    ['is unknown', { explicit: 'nowhere' }, 'there is no Cargo registry named `nowhere`'],
    ['is an npm registry', { explicit: 'packages' }, 'is not named by a sparse index'],
    ['is an npm URL', { explicit: 'https://npm.example' }, 'is not named by a sparse index'],
  ])('is refused when it %s', async (_what, choice, message) => {
    await expect(chosen(choice)).rejects.toThrow(message);
  });

  test('is not guessed where crates.io is replaced', async () => {
    const files = { 'home/.cargo/config.toml': '[source.crates-io]\nreplace-with = "mirror"\n' };
    await expect(chosen({}, { files })).rejects.toThrow('crates.io is replaced');
    expect((await chosen({ explicit: 'crates-io' }, { files })).url).toBe(cratesIoUrl);
  });
});

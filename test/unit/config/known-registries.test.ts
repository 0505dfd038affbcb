import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createConfigFile } from '../../../src/config/config-file.ts';
import { createRegistries } from '../../../src/config/known-registries.ts';
import type { Registries } from '../../../src/config/registries.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pub-registries-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function registries({ npmrc = {} as Record<string, string>, PUB_REGISTRY = '' } = {}): Registries {
  return createRegistries({
    file: createConfigFile(join(folder, 'config.toml')),
    npm: { registryFor: (scope) => npmrc[scope ?? 'registry'] },
    environment: { PUB_REGISTRY },
    fallbackDefault: async () => 'https://npm.example',
    cargo: async () => ({ knows: () => false, resolve: () => expect.unreachable('this is about npm') }),
    ecosystemHere: async () => undefined,
  });
}

const npmrc = { registry: 'https://npmrc.example', '@acme': 'https://scope.example' };

describe('the registry of a command', () => {
  test('is chosen in the order npm has, with the settings of pub before those of npm', async () => {
    const all = registries({ npmrc, PUB_REGISTRY: 'https://variable.example' });
    await all.add('mine', 'https://mine.example');
    await all.setDefault('mine');
    const publishConfig = {
      registry: 'https://manifest.example',
      '@acme:registry': 'https://manifest-scope.example',
    };
    const explicit = 'https://explicit.example';
    const urls = await Promise.all([
      all.resolve({ packageName: '@acme/a', explicit, publishConfig }),
      all.resolve({ packageName: '@acme/a', explicit, publishConfig: { registry: publishConfig.registry } }),
      all.resolve({ packageName: '@other/a', explicit, publishConfig }),
      all.resolve({ packageName: 'a', publishConfig }),
      all.resolve({ packageName: 'a' }),
      registries({ npmrc }).resolve({}),
      registries().resolve({}),
    ]);
    expect(urls.map(({ url, chosenBy }) => `${url} ${chosenBy}`)).toEqual([
      'https://manifest-scope.example/ publishConfig',
      'https://scope.example/ @acme:registry in .npmrc',
      'https://explicit.example/ --registry',
      'https://manifest.example/ publishConfig',
      'https://variable.example/ PUB_REGISTRY',
      'https://mine.example/ the default',
      'https://mine.example/ the default',
    ]);
  });

  test('without settings of pub is the one of npm', async () => {
    expect(await registries({ npmrc }).resolve({})).toMatchObject({
      url: 'https://npmrc.example/',
      chosenBy: '.npmrc',
    });
    expect(await registries().resolve({})).toEqual({
      name: 'npm',
      url: 'https://npm.example/',
      chosenBy: 'the default of npm',
    });
  });

  test('has the name the user gave it, by whichever way it was chosen', async () => {
    const all = registries({ PUB_REGISTRY: 'mine' });
    await all.add('mine', 'https://mine.example/npm');
    expect(await all.resolve({})).toMatchObject({ name: 'mine', url: 'https://mine.example/npm/' });
    expect(await all.resolve({ explicit: 'HTTPS://MINE.example/npm/' })).toMatchObject({ name: 'mine' });
    expect(await all.resolve({ explicit: 'https://mine.example/NPM/' })).toMatchObject({ name: undefined });
    expect(await all.resolve({ explicit: 'npm' })).toMatchObject({
      name: 'npm',
      url: 'https://npm.example/',
    });
  });

  test('that is not known by its name is an error, and so is a URL with a password', async () => {
    await expect(registries().resolve({ explicit: 'nobody' })).rejects.toMatchObject({ code: 'E_CONFIG' });
    await expect(registries().resolve({ explicit: 'constructor' })).rejects.toMatchObject({
      code: 'E_CONFIG',
    });
    const publishConfig = { registry: 'https://u:hunter2@registry.example' };
    const error = await registries()
      .resolve({ publishConfig })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'E_CONFIG', message: expect.not.stringContaining('hunter2') });
  });
});

describe('known registries', () => {
  test('are added, listed with the default, and removed', async () => {
    const all = registries();
    await all.add('mine', 'https://mine.example');
    await all.add('mine', 'https://mine.example/');
    expect(await all.setDefault('mine')).toEqual({
      name: 'mine',
      url: 'https://mine.example/',
      default: true,
    });
    expect(await all.list()).toEqual([
      { name: 'mine', url: 'https://mine.example/', default: true },
      { name: 'npm', url: 'https://npm.example/', default: false },
    ]);
    expect(await all.remove('mine')).toEqual({ name: 'mine', url: 'https://mine.example/', default: true });
    expect(await all.list()).toEqual([{ name: 'npm', url: 'https://npm.example/', default: true }]);
  });

  test('keep their names: a taken name, an odd one and an unknown one are refused', async () => {
    const all = registries();
    await all.add('mine', 'https://mine.example');
    const refused = [
      () => all.add('mine', 'https://other.example'),
      () => all.add('npm', 'https://other.example'),
      () => all.add('Mine', 'https://other.example'),
      () => all.add('my_registry', 'https://other.example'),
      () => all.add('a:b', 'https://other.example'),
      () => all.add('x', 'other.example'),
      () => all.remove('nobody'),
      () => all.remove('npm'),
      () => all.setDefault('nobody'),
    ];
    for (const attempt of refused) await expect(attempt()).rejects.toMatchObject({ code: 'E_CONFIG' });
    expect(await all.list()).toHaveLength(2);
  });

  test('named by a setting and not known are told with the setting', async () => {
    const named = registries().resolve({ publishConfig: { registry: 'gone' } });
    await expect(named).rejects.toThrow('there is no registry named `gone` (it is named by publishConfig)');
    await expect(registries().add('npm', 'https://other.example')).rejects.toMatchObject({
      hint: 'choose another name: this one always means the same registry',
    });
  });

  test('of npm can be made the default again', async () => {
    const all = registries({ npmrc });
    await all.setDefault('npm');
    expect(await all.resolve({})).toMatchObject({ url: 'https://npm.example/', chosenBy: 'the default' });
  });
});

describe('the ecosystem of a command', () => {
  const cargo = async () => ({
    knows: (name: string) => name === 'lab',
    resolve: () => ({ name: undefined, url: 'sparse+https://lab.example/', chosenBy: 'a test' }),
  });
  const of = (given: { here?: 'npm' | 'cargo'; PUB_REGISTRY?: string } = {}) =>
    createRegistries({
      file: createConfigFile(join(folder, 'config.toml')),
      npm: { registryFor: () => undefined },
      environment: { PUB_REGISTRY: given.PUB_REGISTRY },
      fallbackDefault: async () => 'https://npm.example',
      cargo,
      ecosystemHere: async () => given.here,
    });
  const isCargo = async (all: Registries, choice: Parameters<Registries['resolve']>[0]) =>
    (await all.resolve(choice)).url.startsWith('sparse+');

  test('is what the named registry is, then what the project here is', async () => {
    const all = of();
    await all.add('crates', 'sparse+https://crates.example/');
    await all.add('packages', 'https://packages.example');
    for (const explicit of ['crates', 'lab', 'crates-io', 'sparse+https://any.example/']) {
      expect(await isCargo(of({ here: 'npm' }), { explicit }), explicit).toBe(true);
    }
    for (const explicit of ['packages', 'npm', 'https://any.example/']) {
      expect(await isCargo(of({ here: 'cargo' }), { explicit }), explicit).toBe(false);
    }
    expect(await isCargo(of({ here: 'cargo' }), {})).toBe(true);
    expect(await isCargo(of({ here: 'cargo' }), { packageName: '@acme/tool' })).toBe(false);
    expect(await isCargo(of({ here: 'cargo', PUB_REGISTRY: 'https://any.example/' }), {})).toBe(false);
    expect(await isCargo(of({ PUB_REGISTRY: 'lab' }), {})).toBe(true);
    expect(await isCargo(of(), {})).toBe(false);
    await all.setDefault('crates');
    expect(await isCargo(of(), {})).toBe(true);
    expect(await isCargo(of(), { ecosystem: 'npm' })).toBe(false);
  });

  test('of a list is none: it reads the same in every folder', async () => {
    const all = of({ here: 'cargo' });
    expect((await all.list()).find((known) => known.default)?.name).toBe('npm');
  });

  test('is never changed by the index of the other one', async () => {
    const choice = { ecosystem: 'npm', explicit: 'sparse+https://any.example/' } as const;
    await expect(of().resolve(choice)).rejects.toMatchObject({ code: 'E_CONFIG' });
    await expect(of().add('crates-io', 'https://any.example')).rejects.toMatchObject({ code: 'E_CONFIG' });
  });
});

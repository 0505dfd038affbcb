import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CargoConfig } from '../../../src/config/cargo-config.ts';
import { createCargoConfig } from '../../../src/config/cargo-config-file.ts';
import { PubError } from '../../../src/errors.ts';

let home: string;
let providerPath: string;
let path: string;
beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'pub-cargo-')));
  providerPath = join(home, 'lib', 'cargo-credential-pub.cjs');
  path = join(home, '.cargo', 'config.toml');
  await mkdir(join(home, 'lib'));
  await mkdir(join(home, 'bin'));
  await mkdir(join(home, '.cargo'));
  await writeFile(providerPath, '');
});
afterEach(() => rm(home, { recursive: true, force: true }));

function config(environment: Record<string, string> = {}, platform: NodeJS.Platform = 'linux'): CargoConfig {
  return createCargoConfig({ environment, platform, home, providerPath });
}

async function onPath(folder: string, target = providerPath): Promise<string> {
  await mkdir(join(home, folder), { recursive: true });
  await symlink(target, join(home, folder, 'cargo-credential-pub'));
  return join(home, folder);
}

describe("cargo's configuration", () => {
  test('that is not there is made, and is gone again when undone', async () => {
    const { changed, providers, provider } = await config().addProvider();
    expect([changed, provider, providers]).toEqual([true, providerPath, ['cargo:token', providerPath]]);
    expect(await readFile(path, 'utf8')).toContain('# made by `pub setup cargo`');
    expect((await config().removeProvider()).providers).toBeUndefined();
    expect(await readdir(join(home, '.cargo'))).toEqual([]);
  });

  test('that was empty is empty again', async () => {
    await writeFile(path, '');
    await config().addProvider();
    await config().removeProvider();
    expect(await readFile(path, 'utf8')).toBe('');
  });

  test('keeps its rights and its place behind a link, and is not written when there is nothing to change', async () => {
    const real = join(home, 'dotfiles.toml');
    await writeFile(real, '[net]\n');
    await chmod(real, 0o640);
    await symlink(real, path);
    await config().addProvider();
    expect((await stat(real)).mode & 0o777).toBe(0o640);
    expect(await readFile(real, 'utf8')).toContain(providerPath);
    const { ino } = await stat(real);
    expect((await config().addProvider()).changed).toBe(false);
    expect((await stat(real)).ino).toBe(ino);
    await config().removeProvider();
    expect(await readFile(real, 'utf8')).toBe('[net]\n');
  });

  test('is where CARGO_HOME says, and in the file without an ending where there is one', async () => {
    const elsewhere = join(home, 'elsewhere');
    expect((await config({ CARGO_HOME: elsewhere }).addProvider()).path).toBe(join(elsewhere, 'config.toml'));
    await writeFile(join(home, '.cargo', 'config'), '');
    expect((await config().addProvider()).path).toBe(join(home, '.cargo', 'config'));
  });

  test.each(['[registry\n', '[registry]\nglobal-credential-providers = "cargo:token"\n'])(
    'that cannot be understood is refused and left alone: %j',
    async (text) => {
      await writeFile(path, text);
      for (const change of ['addProvider', 'removeProvider'] as const) {
        const error = await config()
          [change]()
          .catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(PubError);
        expect((error as PubError).message).toBe(`cannot change ${path}`);
        expect((error as PubError).hint).toBeDefined();
      }
      expect(await readFile(path, 'utf8')).toBe(text);
    },
  );

  test('at a place where nothing can be written is an error that names it', async () => {
    const error = await config({ CARGO_HOME: '/dev/null/cargo' })
      .addProvider()
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'E_CONFIG', message: expect.stringContaining('/dev/null/cargo') });
  });

  test('tells what goes past the list', async () => {
    const text = `[registry]\ncredential-provider = "cargo:token"\n[registries]\nlab = { index = "sparse+https://a/", credential-provider = ["x"] }\nother = { index = "sparse+https://b/" }\n`;
    await writeFile(path, text);
    const { overridden } = await config({
      CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS: 'cargo:token',
    }).addProvider();
    expect(overridden).toEqual([
      'CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS',
      'registry.credential-provider',
      'registries.lab.credential-provider',
    ]);
  });
});

describe('cargo-credential-pub', () => {
  test('goes by its name where that is on the path and leads here', async () => {
    const PATH = `relative:${join(home, 'bin')}:${await onPath('tools')}`;
    expect((await config({ PATH }).addProvider()).provider).toBe('cargo-credential-pub');
  });

  test('goes by its place where the name leads to another installation, or is there for one project', async () => {
    const other = join(home, 'other.cjs');
    await writeFile(other, '');
    const ofProject = await onPath('project/node_modules/.bin');
    expect((await config({ PATH: ofProject }).addProvider()).provider).toBe(providerPath);
    const PATH = `${await onPath('tools', other)}:${await onPath('later')}`;
    expect((await config({ PATH }).addProvider()).provider).toBe(providerPath);
  });

  test('that was added from elsewhere is replaced, not joined', async () => {
    await config().addProvider();
    const { providers } = await config({ PATH: await onPath('tools') }).addProvider();
    expect(providers).toEqual(['cargo:token', 'cargo-credential-pub']);
    await config().removeProvider();
    expect(await readdir(join(home, '.cargo'))).toEqual([]);
  });

  test('is refused at a place that cargo cannot start', async () => {
    providerPath = join(home, 'my tools', 'cargo-credential-pub.cjs');
    await expect(config().addProvider()).rejects.toMatchObject({
      code: 'E_CONFIG',
      hint: expect.stringContaining('on the PATH'),
    });
    await expect(config({ PATH: '' }, 'win32').addProvider()).rejects.toMatchObject({ code: 'E_CONFIG' });
    expect(await readdir(join(home, '.cargo'))).toEqual([]);
  });
});

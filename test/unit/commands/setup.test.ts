import { describe, expect, test } from 'vitest';
import type { CargoConfig, CargoSetup } from '../../../src/config/cargo-config.ts';
import { PubError } from '../../../src/errors.ts';
import { run } from '../../support/run.ts';
import { only } from '../../support/scripted-context.ts';

const setup: CargoSetup = {
  path: '/home/ann/.cargo/config.toml',
  provider: 'cargo-credential-pub',
  changed: true,
  providers: ['cargo:token', 'cargo-credential-pub'],
  overridden: [],
};

function adding(changes: Partial<CargoSetup> = {}): { readonly cargoConfig: CargoConfig } {
  return {
    cargoConfig: only<CargoConfig>('cargoConfig', { addProvider: async () => ({ ...setup, ...changes }) }),
  };
}

describe('pub setup cargo', () => {
  test('says what it changed, and where', async () => {
    expect(await run('setup cargo', adding())).toMatchInlineSnapshot(`
      {
        "exitCode": 0,
        "stderr": "       Added cargo-credential-pub to /home/ann/.cargo/config.toml
      registry.global-credential-providers = ["cargo:token", "cargo-credential-pub"]
      ",
        "stdout": "",
      }
    `);
  });

  test('says that there is nothing to change', async () => {
    const { exitCode, stderr } = await run('setup cargo', adding({ changed: false }));
    expect(exitCode).toBe(0);
    expect(stderr).toContain('names cargo-credential-pub already');
  });

  test('warns of what cargo asks instead', async () => {
    const { stderr } = await run(
      'setup cargo',
      adding({
        providers: ['cargo-credential-pub', 'cargo:libsecret'],
        overridden: ['registries.lab.credential-provider'],
      }),
    );
    expect(stderr).toContain('warning: cargo asks cargo:libsecret before it');
    expect(stderr).toContain('warning: registries.lab.credential-provider is set');
  });

  test('undoes it', async () => {
    const removeProvider = async () => ({ ...setup, providers: undefined });
    const cargoConfig = only<CargoConfig>('cargoConfig', { removeProvider });
    const { stdout, stderr } = await run('setup cargo --undo --json', { cargoConfig });
    expect(stderr).toBe('     Removed cargo-credential-pub from /home/ann/.cargo/config.toml\n');
    expect(JSON.parse(stdout)).toEqual({
      path: setup.path,
      provider: setup.provider,
      changed: true,
      providers: null,
    });
  });

  test('fails with what stands in the way', async () => {
    const failure = new PubError('E_CONFIG', 'cannot change it', { hint: 'check it' });
    const cargoConfig = only<CargoConfig>('cargoConfig', { addProvider: () => Promise.reject(failure) });
    expect(await run('setup cargo', { cargoConfig })).toMatchObject({
      exitCode: 1,
      stderr: 'error: cannot change it\nhint: check it\n',
    });
  });
});

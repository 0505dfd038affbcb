import { describe, expect, test } from 'vitest';
import { createCargoEnvironmentProvider } from '../../../src/credentials/cargo-environment.ts';
import type { Credential } from '../../../src/credentials/provider.ts';

const cratesIo = 'https://github.com/rust-lang/crates.io-index/';
const lab = 'sparse+https://registry.example/index/';

async function find(
  environment: Record<string, string>,
  url: string,
  name?: string,
): Promise<Credential | undefined> {
  return await createCargoEnvironmentProvider({ environment }).get({ url, name, chosenBy: 'cargo' });
}

describe("cargo's variables", () => {
  const environment = { CARGO_REGISTRY_TOKEN: 'crates', CARGO_REGISTRIES_MY_LAB_TOKEN: 'lab token' };

  test('are each for one registry, by the name it has in the configuration of cargo', async () => {
    const found = await find(environment, lab, 'my-lab');
    expect(found?.token.expose()).toBe('lab token');
    expect(found).toMatchObject({ source: 'CARGO_REGISTRIES_MY_LAB_TOKEN', kept: false });
    expect(await find(environment, lab, 'other')).toBeUndefined();
    expect(await find(environment, lab)).toBeUndefined();
  });

  test('CARGO_REGISTRY_TOKEN is for crates.io alone', async () => {
    expect((await find(environment, cratesIo, 'crates-io'))?.token.expose()).toBe('crates');
    expect(await find({ CARGO_REGISTRY_TOKEN: 'crates' }, lab, 'my-lab')).toBeUndefined();
  });

  test('are not for a registry that is none of cargo', async () => {
    expect(await find(environment, 'https://registry.example/', 'my-lab')).toBeUndefined();
  });

  test('count as unset when they are empty, and are refused unseen when they hold no token', async () => {
    expect(await find({ CARGO_REGISTRIES_LAB_TOKEN: ' \n' }, lab, 'lab')).toBeUndefined();
    const error = await find({ CARGO_REGISTRIES_LAB_TOKEN: 'hüsh' }, lab, 'lab').catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ code: 'E_CONFIG' });
    expect(JSON.stringify(error)).not.toContain('hüsh');
  });
});

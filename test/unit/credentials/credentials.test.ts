import { describe, expect, test } from 'vitest';
import type { RegistryTarget } from '../../../src/config/registry-target.ts';
import { createCredentials } from '../../../src/credentials/chain.ts';
import { createEnvironmentProvider } from '../../../src/credentials/environment.ts';
import type { CredentialStore } from '../../../src/credentials/provider.ts';
import { PubError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';

const mine: RegistryTarget = { name: 'my-reg', url: 'https://mine.example/', chosenBy: '--registry' };
const other: RegistryTarget = { name: undefined, url: 'https://other.example/', chosenBy: '--registry' };

function provider(
  environment: Record<string, string>,
  npmrcToken: (url: string) => { variable: string; token: Secret } | undefined = () => undefined,
) {
  return createEnvironmentProvider({ environment, registryOfToken: async () => mine.url, npmrcToken });
}

function keychainThat(get: CredentialStore['get']): CredentialStore {
  const unexpected = () => Promise.reject(new Error('unexpected change of the keychain'));
  return { get, probe: unexpected, store: unexpected, erase: unexpected };
}

const untouched = keychainThat(() => Promise.reject(new Error('unexpected question to the keychain')));

describe('a token in the environment', () => {
  test('PUB_TOKEN is for its own registry and for no other', async () => {
    const environment = provider({ PUB_TOKEN: 'general' });
    const found = await environment.get(mine);
    expect(found?.token.expose()).toBe('general');
    expect(found?.source).toBe('PUB_TOKEN');
    expect(await environment.get(other)).toBeUndefined();
  });

  test('the variable named after a registry comes before PUB_TOKEN', async () => {
    const environment = provider({ PUB_TOKEN: 'general', PUB_TOKEN_MY_REG: 'special' });
    expect((await environment.get(mine))?.token.expose()).toBe('special');
    expect((await environment.get(mine))?.source).toBe('PUB_TOKEN_MY_REG');
  });

  test('a variable that .npmrc refers to is asked last, for the registry at hand', async () => {
    const asked: string[] = [];
    const environment = provider({}, (url) => {
      asked.push(url);
      return { variable: 'NPM_TOKEN', token: new Secret('npm') };
    });
    expect(await environment.get(other)).toMatchObject({ source: 'NPM_TOKEN' });
    expect(asked).toEqual([other.url]);
  });

  test('a line break at its end is left out, an empty one counts as unset', async () => {
    expect((await provider({ PUB_TOKEN: 'abc\r\n' }).get(mine))?.token.expose()).toBe('abc');
    expect(await provider({ PUB_TOKEN: ' \n', PUB_TOKEN_MY_REG: '' }).get(mine)).toBeUndefined();
  });

  test.each(['abc\r\ndef', 'hush hush', 'hüsh', 'hush\u0000'])(
    '%j is refused without being shown',
    async (value) => {
      const error = await provider({ PUB_TOKEN: value })
        .get(mine)
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(PubError);
      expect(error).toMatchObject({ code: 'E_CONFIG', message: expect.stringContaining('PUB_TOKEN') });
      expect(`${error} ${(error as PubError).hint}`).not.toMatch(/hush|hüsh|def/);
    },
  );
});

describe('the credentials', () => {
  test('with a token in the environment the keychain is not touched', async () => {
    const credentials = createCredentials([provider({ PUB_TOKEN: 'general' })], untouched);
    expect((await credentials.require(mine)).source).toBe('PUB_TOKEN');
  });

  test('without one the keychain is asked', async () => {
    const stored = { token: new Secret('stored'), account: 'alice', source: 'the keychain', kept: true };
    const credentials = createCredentials(
      [provider({})],
      keychainThat(async () => stored),
    );
    expect(await credentials.require(mine)).toBe(stored);
  });

  test('a provider that fails stops the search', async () => {
    const broken = new PubError('E_KEYCHAIN_LOCKED', 'locked');
    const failing = { get: () => Promise.reject(broken) };
    await expect(createCredentials([failing], untouched).get(mine)).rejects.toBe(broken);
    const locked = createCredentials(
      [provider({})],
      keychainThat(() => Promise.reject(broken)),
    );
    await expect(locked.require(mine)).rejects.toBe(broken);
  });

  test('entries of other programs are asked after our own, and only where that is empty', async () => {
    const lent = { token: new Secret('lent'), account: undefined, source: 'cargo', kept: false };
    const foreign = { get: async () => lent };
    const ours = { token: new Secret('ours'), account: 'alice', source: 'the keychain', kept: true };
    const unused = { plaintextToken: () => false, projectToken: () => false };
    const asked = (store: CredentialStore) => createCredentials([], store, unused, [foreign]).get(mine);
    expect(await asked(keychainThat(async () => ours))).toBe(ours);
    expect(await asked(keychainThat(async () => undefined))).toBe(lent);
    const locked = new PubError('E_KEYCHAIN_LOCKED', 'locked');
    await expect(asked(keychainThat(() => Promise.reject(locked)))).rejects.toBe(locked);
  });

  test('having none says how to log in, and that a plaintext token was left alone', async () => {
    const empty = keychainThat(async () => undefined);
    const error = await createCredentials([provider({})], empty)
      .require(mine)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 'E_NOT_LOGGED_IN',
      message: 'not logged in to https://mine.example/',
      hint: 'run `pub login --registry my-reg`, or set PUB_TOKEN_MY_REG',
    });
    const plaintext = createCredentials([provider({})], empty, {
      plaintextToken: (url) => url === other.url,
      projectToken: () => false,
    });
    await expect(plaintext.require(other)).rejects.toMatchObject({
      hint: expect.stringContaining('the token in .npmrc stands there in the clear and is not used'),
    });
    expect(await plaintext.get(other)).toBeUndefined();
    const elsewhere = provider({ PUB_TOKEN: 'general' });
    const { registryOfToken } = elsewhere;
    const unused = { plaintextToken: () => false, projectToken: () => false, registryOfToken };
    await expect(createCredentials([elsewhere], empty, unused).require(other)).rejects.toMatchObject({
      hint: expect.stringContaining(`the PUB_TOKEN that is set is for ${mine.url} and goes nowhere else`),
    });
  });
});

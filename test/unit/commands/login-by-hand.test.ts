import { describe, expect, test } from 'vitest';
import { namelessAccount } from '../../../src/credentials/provider.ts';
import type { Registry } from '../../../src/ecosystems/registry.ts';
import { PubError } from '../../../src/errors.ts';
import { run } from '../../support/run.ts';
import { memoryCredentials, scriptedRegistries, scriptedRegistry } from '../../support/scripted-context.ts';

const page = 'https://registry.example/me';

/** A registry that speaks cargo's protocol only. */
function byHand(tryToken: Registry['tryToken']) {
  const credentials = memoryCredentials();
  const registry: Partial<Registry> = {
    beginBrowserLogin: async () => undefined,
    manualLogin: async () => ({ page }),
    whoAmI: async () => {
      throw new PubError('E_UNSUPPORTED', 'failed to ask whose token this is');
    },
    ...(tryToken && { tryToken }),
  };
  return {
    credentials,
    given: { registries: scriptedRegistries(), credentials, connect: async () => scriptedRegistry(registry) },
  };
}

describe('a login at a registry whose tokens are made on its pages', () => {
  test('names the page, takes the token, and keeps it', async () => {
    const { credentials, given } = byHand(async () => true);
    const answers = [['token for https://registry.example', 'cargo login the-token']] as const;
    const { exitCode, stderr } = await run('login', { ...given, answers });
    expect(exitCode).toBe(0);
    expect(stderr).toContain(page);
    expect(stderr).toContain('Logged in at https://registry.example');
    expect(stderr).not.toContain('the-token');
    expect(credentials.kept?.token.expose()).toBe('the-token');
    expect(credentials.kept?.account).toBe(namelessAccount);
  });

  test('says plainly that the token could not be tried', async () => {
    const { given } = byHand(async () => false);
    const { exitCode, stderr } = await run('login --token-stdin', {
      ...given,
      standardInput: 'Bearer a-token\n',
    });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('warning: the token was not tried');
  });

  test('keeps nothing that the registry does not take', async () => {
    const { credentials, given } = byHand(async () => {
      throw new PubError('E_NOT_LOGGED_IN', 'failed to read the index');
    });
    const { exitCode } = await run('login --token-stdin', { ...given, standardInput: 'wrong\n' });
    expect([exitCode, credentials.kept]).toEqual([4, undefined]);
  });

  test('refuses what cannot be a token', async () => {
    const { given } = byHand(async () => true);
    const answers = [['token for', 'two words']] as const;
    expect((await run('login', { ...given, answers })).exitCode).toBe(2);
  });

  test('says how to go without a terminal', async () => {
    const { given } = byHand(async () => true);
    expect((await run('login', given)).stderr).toContain('--token-stdin');
  });
});

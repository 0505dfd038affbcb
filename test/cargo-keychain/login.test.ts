import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import {
  cargoEnvironment,
  installCredentialProvider,
  writeCargoConfig,
  writeCrate,
} from '../support/cargo.ts';
import { type Keyring, startKeyring } from '../support/keyring.ts';
import { type Finished, run } from '../support/processes.ts';
import {
  type ScriptedCargoRegistry,
  startScriptedCargoRegistry,
} from '../support/scripted-cargo-registry.ts';
import { openTerminal } from '../support/tmux.ts';

/** Stock cargo and a real keyring, with `cargo-credential-pub` between them. */
const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

const token = 'token-of-the-registry';
const providers = '[registry]\nglobal-credential-providers = ["cargo:token", "cargo-credential-pub"]\n';
const atRegistry = ['--registry', 'lab'];
const publish = ['publish', '--no-verify', ...atRegistry];

interface Bench {
  readonly keyring: Keyring;
  readonly registry: ScriptedCargoRegistry;
  readonly cwd: string;
  readonly env: Record<string, string>;
  /** Where our own entry lies. */
  readonly service: string;
  cargo(args: readonly string[], input?: string): Promise<Finished>;
}

async function bench(): Promise<Bench> {
  const keyring = await startKeyring({ state: 'unlocked' });
  opened.push(keyring);
  const registry = await startScriptedCargoRegistry('demo-crate');
  opened.push(registry);
  const home = { ...keyring.home, env: keyring.environment };
  const env = cargoEnvironment(home);
  await installCredentialProvider(home, env);
  await writeCargoConfig(home, registry.url, providers);
  const cwd = await writeCrate(home, 'demo-crate');
  // Without a terminal of its own: nobody can be asked.
  const cargo = (args: readonly string[], input = '') =>
    run('setsid', ['--wait', 'cargo', ...args], { cwd, env, input });
  return { keyring, registry, cwd, env, cargo, service: `pub:${registry.url}` };
}

describe('cargo with cargo-credential-pub', () => {
  test('logs in at the terminal, publishes without one, and logs out', async () => {
    const { keyring, registry, cwd, env, cargo, service } = await bench();
    await using window = await openTerminal(['cargo', 'login', ...atRegistry], { cwd, env, columns: 120 });
    await window.waitFor('? token for http://127.0.0.1');
    await window.type(token);
    await window.press('Enter');
    expect(await window.exitCode()).toBe(0);
    expect(await window.screen()).toContain('was stored in the keychain');
    expect(await window.screen()).not.toContain(token);
    expect(await keyring.lookUp(service, '(token)')).toBe(token);

    const published = await cargo(publish);
    expect([published.code, registry.uploads]).toEqual([0, [{ authorization: token }]]);
    expect(published.stdout + published.stderr).not.toContain(token);

    expect((await cargo(['logout', ...atRegistry])).code).toBe(0);
    expect(await keyring.lookUp(service, '(token)')).toBeUndefined();
    const config = await readFile(join(keyring.home.path, '.config', 'pub', 'config.toml'), 'utf8');
    expect(config).not.toContain('logins');
    expect((await cargo(publish)).stderr).toContain('no token found for `lab`');
  });

  test('finds what cargo itself had put into the keyring before', async () => {
    const { keyring, registry, cargo, service } = await bench();
    const libsecret = ['--config', 'registries.lab.credential-provider="cargo:libsecret"'];
    expect((await cargo(['login', ...atRegistry, ...libsecret], `${token}\n`)).code).toBe(0);
    expect((await cargo(publish)).code).toBe(0);
    expect(registry.uploads).toEqual([{ authorization: token }]);
    expect(await keyring.lookUp(service, '(token)')).toBeUndefined();
  });

  test('stops at a keyring that is locked, and does not go on to another provider', async () => {
    const { keyring, registry, cargo, cwd } = await bench();
    const libsecret = ['--config', 'registries.lab.credential-provider="cargo:libsecret"'];
    expect((await cargo(['login', ...atRegistry, ...libsecret], `${token}\n`)).code).toBe(0);
    await keyring.home.file('.cargo/credentials.toml', '[registries.lab]\ntoken = "another"\n');
    await keyring.become('locked');
    const { code, stderr } = await cargo(publish);
    expect(code).toBe(101);
    expect(stderr.replaceAll(cwd, '').slice(stderr.indexOf('Caused by:'))).toContain(
      'the keychain is locked',
    );
    expect(registry.uploads).toEqual([]);
  });
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import {
  cargoEnvironment,
  installCredentialProvider,
  writeCargoConfig,
  writeCrate,
} from '../support/cargo.ts';
import { pub } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { type Finished, run } from '../support/processes.ts';
import {
  type ScriptedCargoOptions,
  type ScriptedCargoRegistry,
  startScriptedCargoRegistry,
} from '../support/scripted-cargo-registry.ts';
import { openTerminal } from '../support/tmux.ts';

/** Stock cargo, with `cargo-credential-pub` for its tokens. */
const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

const providers = '[registry]\nglobal-credential-providers = ["cargo:token", "cargo-credential-pub"]\n';
const publish = ['publish', '--no-verify', '--registry', 'lab'];

interface Bench {
  readonly registry: ScriptedCargoRegistry;
  readonly home: FreshHome;
  readonly cwd: string;
  readonly env: Record<string, string>;
  cargo(args: readonly string[], env?: Record<string, string>): Promise<Finished>;
}

async function bench(options: ScriptedCargoOptions = {}, configuration = providers): Promise<Bench> {
  const registry = await startScriptedCargoRegistry('demo-crate', options);
  opened.push(registry);
  const home = await freshHome();
  opened.push(home);
  const cwd = await writeCrate(home, 'demo-crate');
  await writeCargoConfig(home, registry.url, configuration);
  const env: Record<string, string> = { ...cargoEnvironment(home), CARGO_REGISTRIES_LAB_TOKEN: 'kept-token' };
  await installCredentialProvider(home, env);
  const cargo = (args: readonly string[], more: Record<string, string> = {}) =>
    run('setsid', ['--wait', 'cargo', ...args], { cwd, env: { ...env, ...more } });
  return { registry, home, cwd, env, cargo };
}

/** Asks for a code, and takes one. */
function demanding(code: string): ScriptedCargoOptions {
  return {
    oneShot: (otp) => {
      if (otp === code)
        return { status: 201, body: { token: 'once-only', expires: '2030-01-01T00:00:00.000Z' } };
      const refused = otp === undefined ? 'otp_required' : 'otp_refused';
      return { status: 401, body: { error: 'a one-time password is required', code: refused } };
    },
  };
}

describe('cargo publish with cargo-credential-pub', () => {
  test('asks for the code at the terminal, names what it is for, and uploads once with a token for that', async () => {
    const { registry, cwd, env } = await bench(demanding('123456'));
    await using window = await openTerminal(['cargo', ...publish], { cwd, env, columns: 120 });
    const asked = await window.waitFor('? one-time password');
    const digest = /publish demo-crate 0\.1\.0 \(sha256 ([0-9a-f]{64})\) at http/.exec(asked)?.[1];
    await window.type('123456');
    await window.press('Enter');
    expect(await window.exitCode()).toBe(0);
    expect(registry.uploads).toEqual([{ authorization: 'once-only' }]);
    const body = {
      ecosystem: 'cargo',
      operation: 'publish',
      name: 'demo-crate',
      version: '0.1.0',
      sha256: digest,
    };
    const authorization = 'Bearer kept-token';
    expect(registry.oneShots).toEqual([
      { authorization, otp: undefined, body },
      { authorization, otp: '123456', body },
    ]);
    const screen = await window.screen();
    expect(screen).not.toContain('123456');
    expect(screen).not.toContain('once-only');
    expect(screen).not.toContain('kept-token');
  });

  test('Enter at the question shows a page to approve on, and goes on when that is done', async () => {
    const { registry, cwd, env } = await bench({
      approval: 'proof-of-the-page',
      oneShot(otp, url) {
        if (otp === 'proof-of-the-page')
          return { status: 201, body: { token: 'once-only', expires: '2030-01-01T00:00:00.000Z' } };
        const pages = { authUrl: `${url}/approve/1`, doneUrl: `${url}/done` };
        return { status: 401, body: { error: 'a code, please', code: 'otp_required', ...pages } };
      },
    });
    await using window = await openTerminal(['cargo', ...publish], { cwd, env, columns: 120 });
    await window.waitFor('or Enter to approve in a browser');
    await window.press('Enter');
    await window.waitFor(`${registry.url}/approve/1`);
    expect(await window.exitCode()).toBe(0);
    expect(registry.uploads).toEqual([{ authorization: 'once-only' }]);
    expect(await window.screen()).not.toContain('proof-of-the-page');
  });

  test('Ctrl-C at the question ends it, and nothing is uploaded', async () => {
    const { registry, cwd, env } = await bench(demanding('123456'));
    await using window = await openTerminal(['cargo', ...publish], { cwd, env });
    await window.waitFor('? one-time password');
    await window.press('C-c');
    expect(await window.exitCode()).toBe(101);
    expect(await window.screen()).toContain('interrupted before an answer was given');
    expect(registry.uploads).toEqual([]);
  });

  test('a wrong code ends it, and nothing is uploaded', async () => {
    const { registry, cargo } = await bench(demanding('123456'));
    const { code, stderr } = await cargo(publish, { PUB_OTP: '654321' });
    expect(code).toBe(101);
    expect(stderr).toContain('the one-time password was not accepted');
    expect(stderr).not.toContain('654321');
    expect(registry.uploads).toEqual([]);
  });

  test('without a terminal PUB_OTP is taken, and without that it fails at once and says so', async () => {
    const { registry, cargo } = await bench(demanding('123456'));
    const refused = await cargo(publish);
    expect(refused.code).toBe(101);
    expect(refused.stderr.slice(refused.stderr.indexOf('error:'))).toMatchInlineSnapshot(`
      "error: credential provider \`cargo-credential-pub\` failed action \`get\`

      Caused by:
        cannot ask "one-time password (a one-time password is required)": this is not a terminal

      Caused by:
        what to do: set PUB_OTP to the code
      "
    `);
    expect(registry.uploads).toEqual([]);
    expect((await cargo(publish, { PUB_OTP: '123456' })).code).toBe(0);
    expect(registry.uploads).toEqual([{ authorization: 'once-only' }]);
  });

  test('is what `pub setup cargo` sets up, and `--undo` leaves as it was', async () => {
    const own = '# mine\n[registry] # mine too\ndefault = "lab"\n';
    const { registry, home, env, cargo } = await bench(demanding('123456'), own);
    const path = join(home.path, '.cargo', 'config.toml');
    const before = await readFile(path, 'utf8');
    const { stdout } = await pub(home).succeed(['setup', 'cargo', '--json'], { env });
    expect(JSON.parse(stdout)).toEqual({
      path,
      provider: 'cargo-credential-pub',
      changed: true,
      providers: ['cargo:token', 'cargo-credential-pub'],
    });
    expect((await cargo(publish, { PUB_OTP: '123456' })).code).toBe(0);
    await pub(home).succeed(['setup', 'cargo', '--undo'], { env });
    expect(await readFile(path, 'utf8')).toBe(before);
    expect((await cargo([...publish, '--allow-dirty'])).stderr).toContain('already exists');
    expect(registry.uploads).toEqual([{ authorization: 'once-only' }]);
  });

  test('a registry that knows no one-shot tokens gets the token that is kept, as from cargo alone', async () => {
    for (const options of [{}, { api: '/other/api' }]) {
      const { registry, cargo } = await bench(options);
      expect((await cargo(publish)).code).toBe(0);
      expect(registry.uploads).toEqual([{ authorization: 'kept-token' }]);
      expect(registry.oneShots).toHaveLength('api' in options ? 0 : 1);
    }
  });

  test('a registry that breaks when asked for one gets no other token instead', async () => {
    const { registry, cargo } = await bench({ oneShot: () => ({ status: 502, body: 'bad gateway' }) });
    const { code, stderr } = await cargo(publish);
    expect(code).toBe(101);
    expect(stderr).toContain('failed to get a token to publish demo-crate 0.1.0');
    expect(registry.uploads).toEqual([]);
  });

  test('what the registry says cannot move the cursor, at the question or in the error', async () => {
    const hostile = 'a\u001b[2Jb\rc\u009b31md';
    const answer = (otp: string | undefined) => ({
      status: otp === undefined ? 401 : 403,
      body: { error: hostile, code: otp === undefined ? 'otp_required' : 'not_owner' },
    });
    const { cwd, env } = await bench({ oneShot: answer });
    await using window = await openTerminal(['cargo', ...publish], { cwd, env });
    const asked = await window.waitFor('? one-time password');
    expect(asked).toContain('ab cd');
    await window.type('123456');
    await window.press('Enter');
    expect(await window.exitCode()).toBe(101);
    expect(await window.screen()).toContain('403: ab cd');
  });

  test('a person who starts it by hand is told what it is for, and stdout stays empty', async () => {
    const { env, cwd } = await bench();
    const { code, stdout, stderr } = await run('cargo-credential-pub', [], { cwd, env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('pub setup cargo');
  });

  test('without a token anywhere cargo goes on to its next provider, and says that there is none', async () => {
    const { cargo, env } = await bench();
    delete env['CARGO_REGISTRIES_LAB_TOKEN'];
    const { code, stderr } = await cargo(publish);
    expect(code).toBe(101);
    expect(stderr).toContain('no token found for `lab`');
    expect(stderr).toContain('cargo login --registry lab');
  });
});

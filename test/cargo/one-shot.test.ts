import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type AccountWithFactor, type FactorMode, signUpWithFactor } from '../support/accounts.ts';
import {
  cargoEnvironment,
  installCredentialProvider,
  writeCargoConfig,
  writeCrate,
} from '../support/cargo.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { expectSuccess, type Finished, run } from '../support/processes.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';
import { openTerminal } from '../support/tmux.ts';

/** Stock cargo, `cargo-credential-pub` and our registry: a second factor for every crate. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

const providers = '[registry]\nglobal-credential-providers = ["cargo:token", "cargo-credential-pub"]\n';
const atRegistry = ['--registry', 'lab'];
const publish = ['publish', '--no-verify', ...atRegistry];

interface Person {
  readonly account: AccountWithFactor;
  readonly home: FreshHome;
  readonly env: Record<string, string>;
  /** Without a terminal: nobody can be asked. */
  cargo(cwd: string, args: readonly string[], more?: Record<string, string>): Promise<Finished>;
}

async function person(name: string, mode: FactorMode = 'auth-and-writes'): Promise<Person> {
  const [account, home] = await Promise.all([signUpWithFactor(registry.url, name, mode), freshHome()]);
  opened.push(home);
  await writeCargoConfig(home, registry.url, providers);
  const env: Record<string, string> = {
    ...cargoEnvironment(home),
    CARGO_REGISTRIES_LAB_TOKEN: account.token,
  };
  await installCredentialProvider(home, env);
  const cargo: Person['cargo'] = (cwd, args, more = {}) =>
    run('setsid', ['--wait', 'cargo', ...args], { cwd, env: { ...env, ...more } });
  return { account, home, env, cargo };
}

/** The versions of a crate that everybody sees, with whether they are yanked. */
async function versions(name: string): Promise<string[]> {
  const path = `${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`;
  const answer = await fetch(`${registry.url}/cargo/index/${path}`);
  if (answer.status === 404) return [];
  const lines = (await answer.text()).trim().split('\n');
  return lines.map((line) => {
    const { vers, yanked } = JSON.parse(line) as { vers: string; yanked: boolean };
    return yanked ? `${vers} yanked` : vers;
  });
}

describe('cargo publish to our registry', () => {
  test('asks for the code in the terminal, and publishes once what was approved', async () => {
    const { account, home, env } = await person('ann');
    const cwd = await writeCrate(home, 'anns-crate');
    await using window = await openTerminal(['cargo', ...publish], { cwd, env, columns: 120 });
    await window.waitFor('? one-time password, or Enter to approve in a browser');
    expect(await versions('anns-crate')).toEqual([]);
    const code = await account.authenticator.nextCode();
    await window.type(code);
    await window.press('Enter');
    const status = await window.exitCode();
    const screen = await window.screen();
    expect([status, screen]).toEqual([0, expect.stringContaining('Published anns-crate v0.1.0')]);
    expect(screen).not.toContain('staged');
    for (const secret of [code, account.token]) expect(screen).not.toContain(secret);
    expect(await versions('anns-crate')).toEqual(['0.1.0']);
  });

  test('a wrong code publishes nothing and stages nothing', async () => {
    const { account, home, cargo } = await person('bob');
    const cwd = await writeCrate(home, 'bobs-crate');
    const { code, stderr } = await cargo(cwd, publish, { PUB_OTP: account.authenticator.wrongCode() });
    expect(code).toBe(101);
    expect(stderr).toContain('the one-time password was not accepted');
    expect(await versions('bobs-crate')).toEqual([]);
    const again = await cargo(cwd, publish, { PUB_OTP: await account.authenticator.nextCode() });
    expect([again.code, await versions('bobs-crate')]).toEqual([0, ['0.1.0']]);
  });

  test('a yank takes a code of its own', async () => {
    const { account, home, cargo } = await person('cyd');
    const { nextCode } = account.authenticator;
    const cwd = await writeCrate(home, 'cyds-crate');
    expectSuccess(await cargo(cwd, publish, { PUB_OTP: await nextCode() }));
    const yank = ['yank', 'cyds-crate@0.1.0', ...atRegistry];
    expect((await cargo(cwd, yank)).stderr).toContain('set PUB_OTP to the code');
    expect(await versions('cyds-crate')).toEqual(['0.1.0']);
    expectSuccess(await cargo(cwd, yank, { PUB_OTP: await nextCode() }));
    expect(await versions('cyds-crate')).toEqual(['0.1.0 yanked']);
  });

  test('nobody is asked where the registry asks for nothing; owners always take a code', async () => {
    const { account, home, cargo } = await person('eve', 'auth-only');
    const cwd = await writeCrate(home, 'eves-crate');
    expectSuccess(await cargo(cwd, publish));
    expect(await versions('eves-crate')).toEqual(['0.1.0']);
    await signUpWithFactor(registry.url, 'eves-friend');
    const add = ['owner', '--add', 'eves-friend', 'eves-crate', ...atRegistry];
    expect((await cargo(cwd, add)).stderr).toContain('set PUB_OTP to the code');
    const code = { PUB_OTP: await account.authenticator.nextCode() };
    expect((await cargo(cwd, add, code)).stderr).toContain('eves-friend has been invited');
    const list = ['owner', '--list', 'eves-crate', ...atRegistry];
    const next = { PUB_OTP: await account.authenticator.nextCode() };
    expect(expectSuccess(await cargo(cwd, list, next)).stdout).toContain('eve');
  });

  test('the token it was given is good for that crate, version, digest and act, once', async () => {
    const { account, home, cargo } = await person('dee');
    const crates = await Promise.all(
      [
        ['dees-crate', '0.1.0', 'Nothing.'],
        ['dees-crate', '0.2.0', 'Nothing.'],
        ['dees-crate', '0.1.0', 'Something.'],
        ['dees-other', '0.1.0', 'Nothing.'],
      ].map(async ([name = '', version = '', text = ''], place) => {
        const cwd = await writeCrate(home, name, { version, text, folder: `crate-${place}` });
        expectSuccess(await cargo(cwd, ['package', '--no-verify', '--allow-dirty']));
        const archive = await readFile(join(cwd, 'target', 'package', `${name}-${version}.crate`));
        return { name, version, archive, sha256: createHash('sha256').update(archive).digest('hex') };
      }),
    );
    const [approved, otherVersion, otherBytes, otherCrate] = crates as [Made, Made, Made, Made];
    expect(otherBytes.sha256).not.toBe(approved.sha256);
    const { token } = await oneShot(account, approved);

    for (const crate of [otherVersion, otherBytes, otherCrate]) {
      expect(await send(token, crate)).toMatchObject({ status: 403 });
    }
    for (const [method, path] of [
      ['DELETE', '/cargo/api/v1/crates/dees-crate/0.1.0/yank'],
      ['PUT', '/cargo/api/v1/crates/dees-crate/0.1.0/unyank'],
      ['GET', '/-/npm/v1/user'],
      ['GET', '/-/npm/v1/tokens'],
      ['POST', '/-/pub/v1/one-shot-tokens'],
    ] as const) {
      const { status } = await fetch(`${registry.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(method === 'POST' ? { body: JSON.stringify({ ...bodyOf(approved) }) } : {}),
      });
      expect([path, status]).toEqual([path, expect.toSatisfy((one: number) => one === 401 || one === 403)]);
    }
    expect(await versions('dees-crate')).toEqual([]);

    expect(await send(token, approved)).toMatchObject({ status: 200 });
    expect(await versions('dees-crate')).toEqual(['0.1.0']);
    expect((await send(token, approved)).status).toBeGreaterThanOrEqual(400);
    expect(await versions('dees-crate')).toEqual(['0.1.0']);
    expect(await versions('dees-other')).toEqual([]);
  });
});

interface Made {
  readonly name: string;
  readonly version: string;
  readonly archive: Buffer;
  readonly sha256: string;
}

function bodyOf({ name, version, sha256 }: Made): Record<string, string> {
  return { ecosystem: 'cargo', operation: 'publish', name, version, sha256 };
}

async function oneShot({ token, authenticator }: AccountWithFactor, crate: Made): Promise<{ token: string }> {
  const answer = await fetch(`${registry.url}/-/pub/v1/one-shot-tokens`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'npm-otp': await authenticator.nextCode(),
    },
    body: JSON.stringify(bodyOf(crate)),
  });
  expect(answer.status).toBe(201);
  return (await answer.json()) as { token: string };
}

/** What cargo uploads. */
async function send(
  token: string,
  { name, version, archive }: Made,
): Promise<{ status: number; text: string }> {
  const described = Buffer.from(JSON.stringify({ name, vers: version }));
  const body = Buffer.concat([u32(described.length), described, u32(archive.length), archive]);
  const headers = { authorization: token };
  const answer = await fetch(`${registry.url}/cargo/api/v1/crates/new`, { method: 'PUT', headers, body });
  return { status: answer.status, text: await answer.text() };
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

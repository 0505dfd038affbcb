import { afterAll, beforeAll, expect, test } from 'vitest';
import { signUp, signUpWithFactor } from '../support/accounts.ts';
import {
  cargoEnvironment,
  installCredentialProvider,
  writeCargoConfig,
  writeCrate,
} from '../support/cargo.ts';
import { freshHome } from '../support/fresh-home.ts';
import { expectSuccess, run } from '../support/processes.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** Stock cargo with our credential provider at our registry: each change with a code, in a token for that change alone. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const providers = '[registry]\nglobal-credential-providers = ["cargo:token", "cargo-credential-pub"]\n';

interface Line {
  readonly vers: string;
  readonly yanked: boolean;
}

test('publishes, yanks and changes owners with a code for each, and with none of them without', async () => {
  await using home = await freshHome();
  const { name, token, authenticator } = await signUpWithFactor(registry.url, 'ferris');
  await signUp(registry.url, 'corro');
  const cwd = await writeCrate(home, 'one-shot');
  await writeCargoConfig(home, registry.url, providers);
  const env: Record<string, string> = { ...cargoEnvironment(home), CARGO_REGISTRIES_LAB_TOKEN: token };
  await installCredentialProvider(home, env);
  const lab = ['--registry', 'lab'];
  const cargo = (args: readonly string[], more: Record<string, string> = {}) =>
    run('setsid', ['--wait', 'cargo', ...args, ...lab], { cwd, env: { ...env, ...more } });
  const proved = async (args: readonly string[]) =>
    expectSuccess(await cargo(args, { PUB_OTP: await authenticator.nextCode() }));
  const index = async (): Promise<Line[]> => {
    const answer = await fetch(`${registry.url}/cargo/index/on/e-/one-shot`);
    return answer.ok
      ? (await answer.text())
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Line)
      : [];
  };

  const publish = ['publish', '--no-verify'];
  const refused = await cargo(publish);
  expect([refused.code, await index()]).toEqual([101, []]);
  const published = await proved(publish);
  expect(published.stderr).not.toContain('staged');
  expect(await index()).toMatchObject([{ vers: '0.1.0', yanked: false }]);

  const yank = ['yank', 'one-shot', '--version', '0.1.0'];
  expect((await cargo(yank)).code).toBe(101);
  await proved(yank);
  expect(await index()).toMatchObject([{ vers: '0.1.0', yanked: true }]);

  const add = ['owner', 'one-shot', '--add', 'corro'];
  expect((await cargo(add)).code).toBe(101);
  await proved(add);
  const headers = { authorization: `Bearer ${token}` };
  const tokens = await (await fetch(`${registry.url}/-/npm/v1/tokens`, { headers })).json();
  expect(tokens, `${name} has the one token of the login`).toMatchObject({ total: 1 });
});

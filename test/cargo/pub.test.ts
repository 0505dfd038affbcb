import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Account, type AccountWithFactor, signUp, signUpWithFactor } from '../support/accounts.ts';
import { cargoEnvironment } from '../support/cargo.ts';
import { pub } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { expectSuccess, type Finished, run } from '../support/processes.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const index = () => `sparse+${registry.url}/cargo/index/`;

/** Somebody with an account, a home of their own, and cargo. */
interface Developer<A extends Account> extends AsyncDisposable {
  readonly home: FreshHome;
  readonly account: A;
  pub(args: readonly string[], cwd?: string, more?: Readonly<Record<string, string>>): Promise<Finished>;
  cargo(args: readonly string[], cwd?: string): Promise<Finished>;
}

async function developer<A extends Account>(account: A): Promise<Developer<A>> {
  const home = await freshHome();
  const env = cargoEnvironment(home);
  // The user's own settings say which index the name means.
  await home.file('.cargo/config.toml', `[registries.lab]\nindex = "${index()}"\n`);
  const inFolder = (cwd = '') => join(home.path, cwd);
  return {
    home,
    account,
    pub: (args, cwd, more = {}) =>
      pub(home).run(args, {
        cwd: inFolder(cwd),
        env: { ...env, CARGO_REGISTRIES_LAB_TOKEN: account.token, ...more },
      }),
    cargo: (args, cwd) => run('cargo', args, { cwd: inFolder(cwd), env }),
    [Symbol.asyncDispose]: () => home.remove(),
  };
}

/** With a code that was not used before. */
async function pubWithCode(who: Developer<AccountWithFactor>, args: readonly string[], cwd?: string) {
  return await who.pub(args, cwd, { PUB_OTP: await who.account.authenticator.nextCode() });
}

interface Crate {
  readonly version?: string;
  readonly dependencies?: string;
  readonly files: Readonly<Record<string, string>>;
}

async function writeCrate(home: FreshHome, name: string, crate: Crate, folder = name): Promise<void> {
  const { version = '1.0.0', dependencies = '', files } = crate;
  const manifest = `[package]
name = "${name}"
version = "${version}"
edition = "2021"
description = "a crate of a test"
license = "MIT"
publish = ["lab"]

[dependencies]
${dependencies}
`;
  await home.file(`${folder}/Cargo.toml`, manifest);
  for (const [path, text] of Object.entries(files)) await home.file(`${folder}/${path}`, text);
}

async function indexed(name: string): Promise<readonly { vers: string; yanked: boolean }[]> {
  const answer = await fetch(`${registry.url}/cargo/index/${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`);
  if (answer.status === 404) return [];
  return (await answer.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('a library and a program are published with a code, and others build and run them', async () => {
  await using alice = await developer(await signUpWithFactor(registry.url, 'alice'));
  const { home } = alice;
  await writeCrate(home, 'greeting', {
    files: { 'src/lib.rs': 'pub fn greeting(who: &str) -> String { format!("hello, {who}") }\n' },
  });
  await writeCrate(home, 'greeter', {
    dependencies: 'greeting = { version = "1", registry = "lab" }\n',
    files: { 'src/main.rs': 'fn main() { println!("{}", greeting::greeting("cargo")); }\n' },
  });

  const refused = await alice.pub(['publish', '--json'], 'greeting');
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'E_NOT_INTERACTIVE' } });
  expect(await indexed('greeting')).toEqual([]);

  const published = expectSuccess(await pubWithCode(alice, ['publish'], 'greeting'));
  expect(published.stdout).toBe('+ greeting@1.0.0\n');
  expect(published.stderr).toContain('account   alice (CARGO_REGISTRIES_LAB_TOKEN)');
  expect(published.stdout + published.stderr).not.toContain(alice.account.token);
  expectSuccess(await pubWithCode(alice, ['publish', '--verify'], 'greeter'));

  await writeCrate(home, 'user-of-both', {
    dependencies: 'greeting = { version = "1", registry = "lab" }\n',
    files: { 'src/main.rs': 'fn main() { println!("{}!", greeting::greeting("you")); }\n' },
  });
  expect(expectSuccess(await alice.cargo(['run', '--quiet'], 'user-of-both')).stdout).toBe('hello, you!\n');
  const root = join(home.path, 'installed');
  expectSuccess(await alice.cargo(['install', '--quiet', '--registry', 'lab', '--root', root, 'greeter']));
  expect(expectSuccess(await run(join(root, 'bin', 'greeter'), [], { env: home.env })).stdout).toBe(
    'hello, cargo\n',
  );

  // Exactly this is out: nothing is asked, and nothing is sent.
  const again = expectSuccess(await alice.pub(['publish'], 'greeting'));
  expect(again.stderr).toContain('Exactly this archive was published before');
  await home.file('greeting/src/more.rs', '\n');
  const other = await alice.pub(['publish', '--json'], 'greeting');
  expect(JSON.parse(other.stdout)).toMatchObject({ error: { code: 'E_VERSION_EXISTS' } });
});

test('three crates of a workspace are published in their order with one code, and go on after a failure', async () => {
  await using bob = await developer(await signUpWithFactor(registry.url, 'bob'));
  const { home } = bob;
  await home.file('all/Cargo.toml', '[workspace]\nmembers = ["top", "middle", "base"]\nresolver = "2"\n');
  const member = (name: string) => `${name} = { version = "1", path = "../${name}", registry = "lab" }\n`;
  const file = (text: string) => ({ files: { 'src/lib.rs': text } });
  await writeCrate(home, 'base', file('pub fn three() -> u8 { 3 }\n'), 'all/base');
  const middle = { dependencies: member('base'), ...file('pub use base::three;\n') };
  await writeCrate(home, 'middle', middle, 'all/middle');
  const top = { dependencies: member('middle') + member('base'), ...file('pub use middle::three;\n') };
  await writeCrate(home, 'top', top, 'all/top');

  const published = expectSuccess(await pubWithCode(bob, ['publish', '--workspace'], 'all'));
  expect(published.stdout).toBe('+ base@1.0.0\n+ middle@1.0.0\n+ top@1.0.0\n');

  await writeCrate(home, 'user-of-top', {
    dependencies: 'top = { version = "1", registry = "lab" }\n',
    files: { 'src/main.rs': 'fn main() { println!("{}", top::three()); }\n' },
  });
  expect(expectSuccess(await bob.cargo(['run', '--quiet'], 'user-of-top')).stdout).toBe('3\n');

  await writeCrate(home, 'top', { ...top, version: '1.1.0' }, 'all/top');
  const next = expectSuccess(await pubWithCode(bob, ['publish', '--workspace'], 'all'));
  expect(next.stdout).toBe('+ top@1.1.0\n');
  expect(next.stderr).toContain('base@1.0.0 is already published: skipped');
});

test('a packed crate is sent as it is, staged when asked, yanked, put back, and found', async () => {
  await using carol = await developer(await signUp(registry.url, 'carol'));
  const { home } = carol;
  const lab = ['--registry', 'lab'];
  await writeCrate(home, 'findable', { files: { 'src/lib.rs': 'pub fn it() {}\n' } });
  const packed = expectSuccess(await carol.pub(['package', '--json'], 'findable'));
  const archive = JSON.parse(packed.stdout) as { path: string; digests: { sha256: string } };
  expect(archive.path).toBe(join(home.path, 'findable/target/package/findable-1.0.0.crate'));
  const sent = expectSuccess(await carol.pub(['publish', archive.path, '--json', ...lab]));
  expect(JSON.parse(sent.stdout)).toMatchObject({
    name: 'findable',
    state: 'published',
    digests: { sha256: archive.digests.sha256 },
  });

  await writeCrate(home, 'findable', { version: '2.0.0', files: {} });
  const staged = expectSuccess(await carol.pub(['publish', '--stage', '--json'], 'findable'));
  const outcome = JSON.parse(staged.stdout) as { state: string; stageId: string; pageUrl: string };
  expect(outcome).toMatchObject({ state: 'staged' });
  expect(outcome.pageUrl).toContain(`${registry.url}/-/web/staged/`);
  expect((await indexed('findable')).map(({ vers }) => vers)).toEqual(['1.0.0']);
  const waiting = expectSuccess(await carol.pub(['stage', 'list', ...lab], 'findable'));
  expect(waiting.stdout).toContain(`${outcome.stageId}  findable@2.0.0`);
  const viewed = expectSuccess(await carol.pub(['stage', 'view', outcome.stageId, '--json', ...lab]));
  expect(JSON.parse(viewed.stdout)).toMatchObject({ ecosystem: 'cargo', package: 'findable' });
  const looked = expectSuccess(await carol.pub(['stage', 'download', outcome.stageId, ...lab], 'findable'));
  expect(looked.stdout.trim()).toBe(join(home.path, 'findable/findable-2.0.0.crate'));

  expectSuccess(await carol.pub(['yank', 'findable@1.0.0', ...lab]));
  expect(await indexed('findable')).toMatchObject([{ yanked: true }]);
  expectSuccess(await carol.pub(['yank', 'findable@1.0.0', '--undo', ...lab]));
  expect(await indexed('findable')).toMatchObject([{ yanked: false }]);

  const owners = expectSuccess(await carol.pub(['owner', 'list', 'findable', ...lab]));
  expect(owners.stdout).toContain('carol');
  const found = expectSuccess(await carol.pub(['search', 'findable', ...lab]));
  expect(found.stdout).toContain('findable@1.0.0');
  expect(expectSuccess(await carol.pub(['whoami', ...lab])).stdout).toBe('carol\n');
});

test("the token of a variable stays where the user's own settings put its name", async () => {
  await using dave = await developer(await signUp(registry.url, 'dave'));
  const { home } = dave;
  await writeCrate(home, 'lured', { files: { 'src/lib.rs': '' } });
  const elsewhere = 'sparse+http://127.0.0.1:9/index/';
  await home.file('lured/.cargo/config.toml', `[registries.lab]\nindex = "${elsewhere}"\n`);
  const refused = await dave.pub(['publish'], 'lured');
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain(`not logged in to ${elsewhere}`);
  expect(refused.stderr).toContain('CARGO_REGISTRIES_LAB_TOKEN is not used');
});

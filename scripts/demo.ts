/**
 * The main job on one machine, with throw-away data: a registry, an account with an authenticator, a package that
 * requires a second factor, a publish that is refused, one that succeeds, and the real npm installing it. Prints
 * each command as a person would type it. Asks nothing, and leaves nothing behind.
 */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { type FreshHome, freshHome } from '../test/support/fresh-home.ts';
import { builtClient, builtRegistry, pinnedNode, root } from '../test/support/places.ts';
import { type Finished, type RunOptions, run } from '../test/support/processes.ts';
import { type RunningServer, startRegistry } from '../test/support/servers.ts';
import { authenticator } from '../test/support/totp.ts';

/** A program as a person names it, and how it is started here. */
const programs: Readonly<Record<string, readonly string[]>> = {
  pub: [builtClient],
  'pub-registry': [builtRegistry],
  npm: [process.env['npm_execpath'] ?? 'run this as: npm run demo'],
};

interface Step extends Omit<RunOptions, 'env'> {
  /** What a person types; the first word names the program. */
  readonly typed: string;
  /** Where what is typed stands for something else: a file of a password, a code. */
  readonly args?: readonly string[];
  /** The exit code this step must have. */
  readonly expected?: number;
  readonly show?: 'all' | 'nothing' | 'messages';
}

class Demo {
  readonly #home: FreshHome;
  readonly #env: Record<string, string>;

  constructor(home: FreshHome) {
    this.#home = home;
    this.#env = { ...home.env };
  }

  set(name: string, value: string): void {
    this.#env[name] = value;
  }

  async step({ typed, args, expected = 0, show = 'all', ...options }: Step): Promise<Finished> {
    console.log(`\n${styleText('bold', `$ ${typed}`)}`);
    const [program = '', ...words] = typed.split(' ');
    const finished = await run(pinnedNode, [...(programs[program] ?? []), ...(args ?? words)], {
      cwd: this.#home.path,
      ...options,
      env: this.#env,
    });
    if (show !== 'nothing') print(finished.stderr);
    if (show === 'all') print(finished.stdout);
    if (finished.code === expected) return finished;
    print(finished.stdout);
    print(finished.stderr);
    throw new Error(`"${typed}" ended with ${finished.code ?? finished.signal}, expected ${expected}`);
  }
}

function say(text: string): void {
  console.log(`\n${styleText('cyan', `# ${text}`)}`);
}

function print(text: string): void {
  if (text.trim() !== '') console.log(text.replaceAll(/^/gm, '  ').trimEnd());
}

/** Stands in for the person's memory: made up, and gone with the demo. */
const password = 'a long and throw-away password';

async function play(home: FreshHome, server: RunningServer, data: string): Promise<void> {
  const demo = new Demo(home);
  say('A registry is running, on loopback, with data that will be thrown away:');
  console.log(`\n${styleText('bold', '$ pub-registry --port 0')}\n  listening on ${server.url}`);
  await demo.step({ typed: `pub registry add demo ${server.url}/ --default` });

  say('An account, and a login. This demo leaves your keychain alone, so the token is handed over as in CI:');
  await demo.step({
    typed: 'pub-registry user add alice --email alice@example.org --password-stdin',
    args: ['user', 'add', 'alice', '--email', 'alice@example.org', '--password-stdin', '--data', data],
    input: `${password}\n`,
  });
  const login = await demo.step({
    typed: 'pub login --username alice --password-stdin --print-token',
    input: `${password}\n`,
    show: 'messages',
  });
  demo.set('PUB_TOKEN', login.stdout.trim());
  console.log('  PUB_TOKEN is set to what it printed');
  await demo.step({ typed: 'pub whoami' });

  say('A second factor: the secret goes into an authenticator app, which gives a code to confirm it.');
  const begun = await demo.step({
    typed: 'pub 2fa enable --mode auth-only --password-stdin --json',
    input: `${password}\n`,
    show: 'messages',
  });
  const app = authenticator(String(JSON.parse(begun.stdout).otpauth));
  const confirmed = await demo.step({
    typed: 'pub 2fa confirm --otp 123456 --json',
    args: ['2fa', 'confirm', '--otp', await app.nextCode(), '--json'],
    show: 'messages',
  });
  const { recoveryCodes } = JSON.parse(confirmed.stdout) as { recoveryCodes: string[] };
  console.log(`  ${recoveryCodes.length} recovery codes, shown this once (not here)`);

  say('A real package, published as everywhere else, with the token alone:');
  const project = join(home.path, 'chalk');
  await cp(join(root, 'node_modules', 'chalk'), project, { recursive: true });
  await demo.step({ typed: 'pub publish', cwd: project });

  say('From now on this package takes a second factor:');
  await demo.step({
    typed: 'pub owner require-2fa chalk --otp 123456',
    args: ['owner', 'require-2fa', 'chalk', '--otp', await app.nextCode()],
  });

  say('A new release. The token alone, as a thief would have it, is refused:');
  const version = await nextVersion(project);
  await writeFile(join(project, '.npmrc'), `${server.url.slice('http:'.length)}/:_authToken=\${PUB_TOKEN}\n`);
  await demo.step({ typed: `npm publish --registry ${server.url}/`, cwd: project, expected: 1 });
  await demo.step({ typed: 'pub publish', cwd: project, expected: 1 });

  say('With a code of the authenticator it is published:');
  await demo.step({
    typed: 'pub publish --otp 123456',
    args: ['publish', '--otp', await app.nextCode()],
    cwd: project,
  });

  say('The real npm installs it, and it runs:');
  const user = await home.folder('user');
  await writeFile(join(user, 'package.json'), '{ "private": true, "type": "module" }\n');
  const install = `npm install chalk@${version} --registry ${server.url}/ --no-audit --no-fund`;
  await demo.step({ typed: install, cwd: user });
  const program = "import chalk from 'chalk'; console.log(chalk.green('chalk is installed and runs'))";
  await demo.step({ typed: `node -e "${program}"`, args: ['--input-type=module', '-e', program], cwd: user });

  say('Every step, the refused one too, is in a log nobody can edit unseen:');
  await demo.step({ typed: 'pub-registry audit verify', args: ['audit', 'verify', '--data', data] });
  await demo.step({ typed: 'pub logout --registry demo', expected: 0 });
}

/** Writes the version after the present one into a manifest, as `npm version patch` would. */
async function nextVersion(project: string): Promise<string> {
  const file = join(project, 'package.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as { version: string };
  const [major, minor, patch] = manifest.version.split('.').map(Number);
  manifest.version = `${major}.${minor}.${(patch ?? 0) + 1}`;
  await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest.version;
}

await using home = await freshHome();
const data = await home.folder('registry');
const server = await startRegistry({ data });
try {
  await play(home, server, data);
  say('Done. Nothing is left running, and nothing is left on disk.\n');
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await server.stop();
}

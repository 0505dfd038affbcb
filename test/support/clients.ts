import type { FreshHome } from './fresh-home.ts';
import { builtClient, peerPackage, pinnedNode } from './places.ts';
import { expectSuccess, type Finished, run } from './processes.ts';

export interface CommandOptions {
  /** Defaults to the home. */
  readonly cwd?: string;
  /** Added to the home's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeout?: number;
}

/** A command-line program, run in one fresh home. */
export interface Client {
  /** What starts it, for a terminal or a benchmark: the program and its leading arguments. */
  readonly command: readonly [string, ...string[]];
  /** To the end, whatever the exit code. */
  run(args: readonly string[], options?: CommandOptions): Promise<Finished>;
  /** To the end; another exit code than 0 is an error that shows the output. */
  succeed(args: readonly string[], options?: CommandOptions): Promise<Finished>;
}

/** The built `pub`. Tokens go in by `PUB_TOKEN`, never by an argument. */
export function pub(home: FreshHome): Client {
  return client(home, builtClient);
}

export function npm11(home: FreshHome): Client {
  return client(home, `${peerPackage('npm-11')}/bin/npm-cli.js`, quietNpm);
}

export function npm12(home: FreshHome): Client {
  return client(home, `${peerPackage('npm-12')}/bin/npm-cli.js`, quietNpm);
}

export function pnpm(home: FreshHome): Client {
  return client(home, `${peerPackage('pnpm-11')}/bin/pnpm.mjs`, { npm_config_update_notifier: 'false' });
}

/** A native program in a package for each platform; the package `pnpm` itself only fetches it, in an install script. */
export function pnpm12(home: FreshHome): Client {
  const program = `${peerPackage('@pnpm')}/exe.${process.platform}-${process.arch}/pnpm`;
  return clientOf(home, [program], { npm_config_update_notifier: 'false' });
}

export function yarn1(home: FreshHome): Client {
  return client(home, `${peerPackage('yarn-1')}/bin/yarn.js`);
}

export function yarn4(home: FreshHome): Client {
  return client(home, `${peerPackage('yarn-4')}/bin/yarn.js`, { YARN_ENABLE_TELEMETRY: '0' });
}

/** npm looks for a newer npm now and then; these tests have no registry that could tell. */
const quietNpm = {
  npm_config_update_notifier: 'false',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
};

function client(home: FreshHome, script: string, settings: Readonly<Record<string, string>> = {}): Client {
  return clientOf(home, [pinnedNode, script], settings);
}

function clientOf(
  home: FreshHome,
  command: Client['command'],
  settings: Readonly<Record<string, string>>,
): Client {
  const [program, ...leading] = command;
  const finished = (args: readonly string[], options: CommandOptions = {}) =>
    run(program, [...leading, ...args], {
      ...options,
      cwd: options.cwd ?? home.path,
      env: { ...home.env, ...settings, ...options.env },
    });
  return {
    command,
    run: finished,
    succeed: async (args, options) => expectSuccess(await finished(args, options)),
  };
}

/**
 * What npm and pnpm read to know a registry and, with a token, an account there: lines for the `.npmrc` of a
 * fresh home.
 */
export function npmrc(registryUrl: string, token?: string): string {
  const url = registryUrl.endsWith('/') ? registryUrl : `${registryUrl}/`;
  const lines = [`registry=${url}`];
  if (token !== undefined) lines.push(`${url.replace(/^https?:/, '')}:_authToken=${token}`);
  return `${lines.join('\n')}\n`;
}

/** The same for yarn 4, which reads no `.npmrc`: a `.yarnrc.yml` for a fresh home. */
export function yarnrc(registryUrl: string): string {
  const settings = {
    npmRegistryServer: registryUrl,
    unsafeHttpWhitelist: ['127.0.0.1'],
    nodeLinker: 'node-modules',
    enableGlobalCache: false,
    // It leaves alone for a day what was published just now.
    npmMinimalAgeGate: 0,
  };
  // JSON is YAML.
  return `${JSON.stringify(settings)}\n`;
}

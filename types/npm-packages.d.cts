/** The parts used here of npm's packages that carry no types of their own. */

declare module '@npmcli/config/lib/definitions/index.js' {
  const npm: { readonly definitions: { readonly registry: { readonly default: string } } };
  export = npm;
}

declare module '@npmcli/run-script' {
  interface RunScriptOptions {
    readonly event: string;
    readonly path: string;
    readonly pkg: object;
    /** Added to the environment of this process; an `undefined` entry takes the variable away. */
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly stdio: readonly ['inherit' | 'ignore', number, number];
    readonly nodeGyp: string;
    readonly scriptShell?: string;
  }
  function runScript(options: RunScriptOptions): Promise<unknown>;
  export = runScript;
}

/**
 * By its file: the types somebody else wrote for the package bring in those of npm's dependency trees, which
 * do not compile under our settings.
 */
declare module 'npm-packlist/lib/index.js' {
  interface PacklistOptions {
    readonly path: string;
    readonly prefix?: string;
    readonly workspaces?: readonly string[];
  }
  /** Reads of the tree what `dependency-tree.ts` builds. */
  function packlist(tree: object, options: PacklistOptions): Promise<string[]>;
  export = packlist;
}

/** By their files: the package's own entry also loads its `fetch`, its WebSocket, its caches and its mocks. */
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';
  export = Agent;
}

declare module 'undici/lib/dispatcher/env-http-proxy-agent.js' {
  import { EnvHttpProxyAgent } from 'undici';
  export = EnvHttpProxyAgent;
}

declare module 'undici/lib/api/api-request.js' {
  import type { Dispatcher } from 'undici';

  function request(this: Dispatcher, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData>;
  export = request;
}

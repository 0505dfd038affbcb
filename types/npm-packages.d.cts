/** The parts used here of npm's packages that carry no types of their own. */

declare module '@npmcli/config/lib/definitions/index.js' {
  export const definitions: { readonly registry: { readonly default: string } };
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

import { isCredentialName } from '../credential-names.ts';
import type { Environment } from './npmrc.ts';

export interface ScriptEnvironmentSources {
  readonly environment: Environment;
  /** Variables that a credential setting in an `.npmrc` refers to. */
  readonly credentialVariables: readonly string[];
  readonly workingDirectory: string;
  readonly command: 'pack' | 'publish';
}

/**
 * What a lifecycle script gets: npm's variables and the user's, but nothing one can publish with. A script
 * comes from the project and from everything it builds with; a token in its environment is one bad
 * dependency away from being stolen. A taken variable is `undefined` here, which the script runner needs:
 * it starts from the environment of the process.
 */
export function scriptEnvironment(sources: ScriptEnvironmentSources): Record<string, string | undefined> {
  const { environment, credentialVariables, workingDirectory, command } = sources;
  const taken = new Set(credentialVariables.map((name) => name.toUpperCase()));
  const given: Record<string, string | undefined> = {
    ...environment,
    npm_command: command,
    npm_node_execpath: environment['npm_node_execpath'] ?? process.execPath,
    NODE: environment['NODE'] ?? process.execPath,
    INIT_CWD: environment['INIT_CWD'] ?? workingDirectory,
  };
  for (const name of Object.keys(given)) {
    if (taken.has(name.toUpperCase()) || isCredentialName(name)) given[name] = undefined;
  }
  return given;
}

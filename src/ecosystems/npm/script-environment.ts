import type { Environment } from './npmrc.ts';

/** Variables that hold a credential of some registry, by their names. In any case: Windows knows no other. */
const credentialNames: readonly RegExp[] = [
  /^PUB_(TOKEN(_.*)?|OTP|.*PASSPHRASE.*)$/i,
  /^(NPM_TOKEN|NPM_ID_TOKEN|NODE_AUTH_TOKEN)$/i,
  /^YARN_NPM_AUTH_(TOKEN|IDENT)$/i,
  /^p?npm_config_.*(auth|password|otp|token).*$/i,
  // `npm_config_//host/:_authToken`, and whatever else is set for one registry only.
  /^p?npm_config_\/\//i,
  /^CARGO_REGISTR(Y|IES_.+)_(TOKEN|SECRET_KEY)$/i,
];

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

function isCredentialName(name: string): boolean {
  return credentialNames.some((pattern) => pattern.test(name));
}

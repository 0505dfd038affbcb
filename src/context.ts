import type { CargoConfig } from './config/cargo-config.ts';
import type { Registries } from './config/registries.ts';
import type { RegistryTarget } from './config/registry-target.ts';
import type { Credentials } from './credentials/provider.ts';
import type { Projects } from './ecosystems/ecosystem.ts';
import type { Registry } from './ecosystems/registry.ts';
import type { Secret } from './secret.ts';
import type { Prompter } from './terminal/prompter.ts';
import type { Terminal } from './terminal/terminal.ts';

/**
 * What a command may touch besides its arguments. Built in `wiring.ts`, and by tests. At most a dozen members,
 * none of them a setter; an operation asks for the part it uses (`Pick<Context, 'terminal'>`).
 */
export interface Context {
  readonly workingDirectory: string;
  readonly terminal: Terminal;
  readonly prompter: Prompter;
  readonly registries: Registries;
  readonly credentials: Credentials;
  readonly projects: Projects;
  readonly cargoConfig: CargoConfig;
  /** `PUB_OTP`. */
  readonly environmentOneTimePassword: Secret | undefined;
  /** A folder that is gone when the program ends. */
  temporaryFolder(): Promise<string>;
  /** All of standard input, for `--token-stdin`. */
  readStandardInput(): Promise<string>;
  /** Speaks to one registry. Sends nothing yet. */
  connect(target: RegistryTarget): Promise<Registry>;
}

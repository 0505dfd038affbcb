import type { Credentials } from '../credentials/provider.ts';
import type { Registry } from '../ecosystems/registry.ts';
import type { Transport } from '../http/transport.ts';
import type { Secret } from '../secret.ts';
import type { Prompter } from '../terminal/prompter.ts';

/** What the answers to cargo may touch. Built in `cargo-credential-wiring.ts`, and by tests. */
export interface CargoContext {
  readonly credentials: Pick<Credentials, 'get' | 'keychain'>;
  readonly transport: Transport;
  /** Asks on the controlling terminal: cargo has our input and output. */
  readonly prompter: Prompter;
  /** Whether there is somebody to ask, and to send to a browser. */
  readonly interactive: boolean;
  /** `PUB_OTP`. */
  readonly environmentOneTimePassword: Secret | undefined;
  /** Says something to the person, beside what cargo prints. */
  readonly note: (text: string) => void;
  /** Speaks to the `pub-registry` at this address. Sends nothing yet. */
  connect(url: string): Promise<PubRegistry>;
}

/** The part of a `pub-registry` that is not cargo's: people. */
export type PubRegistry = Pick<Registry, 'displayUrl' | 'whoAmI' | 'beginBrowserLogin' | 'collect'>;

import type { Secret } from '../secret.ts';
import type { PublishPlan, PublishRequest, Registry } from './registry.ts';

/** `pub-registry` itself: its accounts and its way to publish are the same for every ecosystem. */
export interface PubRegistry extends Registry {
  /**
   * Declares what will be sent. `undefined` where there is no such registry; after an answer `publish` and
   * `proveBatch` speak its protocol.
   */
  preflight(token: Secret, requests: readonly PublishRequest[]): Promise<PublishPlan | undefined>;
}

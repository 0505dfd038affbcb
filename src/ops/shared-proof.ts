import type { PublishOutcome, PublishRequest } from '../ecosystems/registry.ts';
import { type OneTimePasswordSource, withSecondFactor } from '../second-factor/with-second-factor.ts';
import type { Secret } from '../secret.ts';
import { askBefore } from './ask-before.ts';
import type { LogInContext } from './log-in.ts';
import type { Release } from './publish-report.ts';
import { renewingLogin } from './renew-login.ts';
import { sendRelease } from './send-release.ts';

/** The code, or what the registry gave for it, that goes with each upload to one registry. */
export interface SharedProof {
  /** Asks where the registry said that it wants a code, before anything is sent. */
  prove(): Promise<void>;
  /** Sends one release with what is held. A person is asked again when the registry is no longer content with it. */
  send(release: Release): Promise<PublishOutcome>;
}

/**
 * `releases` are all of one registry and one plan, in the order in which they are sent. Where the registry makes one
 * proof of a code for all of them, one code is enough; elsewhere the code is tried with each, and registries differ
 * in how long they take it.
 */
export function shareProof(
  context: LogInContext,
  source: OneTimePasswordSource,
  releases: readonly Release[],
): SharedProof {
  const [first] = releases;
  let held = source.given;
  let accepted = false;

  const exchange = async (code: Secret, left: readonly Release[]): Promise<Secret> => {
    const requests: readonly PublishRequest[] = left.map(({ request }) => request);
    if (requests.length < 2 || first === undefined) return code;
    const { registry } = first.connection;
    const proof = await renewingLogin(context, first, (token) =>
      registry.proveBatch({ token, oneTimePassword: code }, requests),
    );
    return proof ?? code;
  };

  return {
    async prove() {
      const { plan, request } = first ?? {};
      if (request?.stage === true) return;
      const asked = await askBefore(source, plan, `to publish ${sayReleases(releases)}`);
      held = source.given ?? asked;
      if (plan?.secondFactor !== true || held === undefined) return;
      const code = held;
      held = await withSecondFactor(source, (again) => exchange(again ?? code, releases));
    },
    async send(release) {
      // One that was given and works for none is told as wrong; one that worked before has only run out.
      const given = accepted ? undefined : source.given;
      const outcome = await withSecondFactor({ given, ask: source.ask }, async (code) => {
        const isNew = code !== undefined && code !== given;
        if (isNew) held = await exchange(code, releases.slice(releases.indexOf(release)));
        return await sendRelease(context, release, held);
      });
      accepted = true;
      return outcome;
    },
  };
}

function sayReleases(releases: readonly Release[]): string {
  const [first] = releases;
  if (first === undefined || releases.length > 1) return `${releases.length} packages`;
  return `${first.request.archive.name}@${first.request.archive.version}`;
}

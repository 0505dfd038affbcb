import type { Context } from '../context.ts';
import type { PublishOutcome, PublishRequest } from '../ecosystems/registry.ts';
import { type OneTimePasswordSource, withSecondFactor } from '../second-factor/with-second-factor.ts';
import type { Secret } from '../secret.ts';
import type { Release } from './publish-report.ts';
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
  context: Pick<Context, 'terminal'>,
  source: OneTimePasswordSource,
  releases: readonly Release[],
): SharedProof {
  const [first] = releases;
  let held = source.given;
  let accepted = false;

  const exchange = async (code: Secret, left: readonly Release[]): Promise<Secret> => {
    const requests: readonly PublishRequest[] = left.map(({ request }) => request);
    if (requests.length < 2 || first?.credential === undefined) return code;
    const proofs = { token: first.credential.token, oneTimePassword: code };
    return (await first.connection.registry.proveBatch(proofs, requests)) ?? code;
  };

  return {
    async prove() {
      const { plan } = first ?? {};
      if (plan?.secondFactor !== true || first?.request.stage === true) return;
      const text = `to publish ${sayReleases(releases)}`;
      const asked = source.given ?? (await source.ask({ text, browser: plan.browser, codes: plan.codes }));
      held = await withSecondFactor(source, (code) => exchange(code ?? asked, releases));
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

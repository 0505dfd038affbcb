import type { PublishPlan } from '../ecosystems/registry.ts';
import type { OneTimePasswordSource } from '../second-factor/with-second-factor.ts';
import type { Secret } from '../secret.ts';

/**
 * The code to send with the upload, when the registry said that it wants one; so that a long upload is not thrown away.
 * Where it only looks like it, a person may also say nothing, and then hears from the registry what it wants: a token
 * can be one that needs no code, and a security key has none.
 */
export async function askBefore(
  source: OneTimePasswordSource,
  plan: PublishPlan | undefined,
  text: string,
): Promise<Secret | undefined> {
  if (source.given !== undefined) return undefined;
  const reason = { text, browser: plan?.browser, codes: plan?.codes };
  if (plan?.secondFactor === true) return await source.ask(reason);
  return plan?.secondFactor === 'likely' ? await source.offer(reason) : undefined;
}

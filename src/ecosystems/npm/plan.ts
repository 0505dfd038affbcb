import { refusalOf } from '../../http/registry-error.ts';
import type { HttpResponse } from '../../http/transport.ts';
import { type Json, parseJsonObject, stringMember } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import type { Archive } from '../ecosystem.ts';
import type { PublishPlan, PublishRequest } from '../registry.ts';
import { planFromPackuments } from './packument-plan.ts';
import { planFrom, preflightBody } from './preflight.ts';
import { checkedProvenance } from './provenance.ts';
import { isSuccess, type RegistryClient } from './registry-client.ts';
import { type Dialect, publishAttempt } from './upload.ts';

export interface Planned {
  readonly dialect: Dialect;
  readonly plan: PublishPlan;
}

export async function plan(
  client: RegistryClient,
  token: Secret,
  requests: readonly PublishRequest[],
): Promise<Planned> {
  const answer = await preflight(client, token, requests);
  if (answer !== undefined) return { dialect: 'pub', plan: answer };
  const archives = requests.map(({ archive }) => archive);
  return { dialect: 'npm', plan: await planFromPackuments(client, token, archives) };
}

/** `undefined` where the registry does not know the preflight. */
export async function preflight(
  client: RegistryClient,
  token: Secret,
  requests: readonly PublishRequest[],
): Promise<PublishPlan | undefined> {
  const archives = requests.map(({ archive }) => archive);
  for (const { archive, provenance } of requests) {
    if (provenance !== undefined) checkedProvenance(provenance, archive);
  }
  const attempt = publishAttempt(client, archives[0] as Archive);
  const response = await client.ask({
    method: 'POST',
    path: '-/pub/v1/preflight',
    command: 'publish',
    attempt,
    token,
    json: { ...preflightBody(requests), ...(client.browser && { browser: true }) },
  });
  if (!speaksPreflight(response)) return undefined;
  if (!isSuccess(response)) throw refusalOf(response, attempt);
  const answer = JSON.parse(response.text) as Json;
  return planFrom(answer, archives, (archive) => publishAttempt(client, archive), client.url);
}

/**
 * An ordinary npm registry has nothing there, says so in its own way, or shows a web page. `pub-registry`
 * puts a `code` into every refusal, and this route never gives 404. A server that fails (5xx) is not taken
 * for one that does not know.
 */
function speaksPreflight(response: HttpResponse): boolean {
  const { status, text } = response;
  if (status === 404 || status === 405 || status === 501) return false;
  if (status >= 500) return true;
  return isSuccess(response) ? isJson(text) : stringMember(parseJsonObject(text), 'code') !== undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

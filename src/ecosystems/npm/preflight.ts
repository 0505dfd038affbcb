import type { PubError } from '../../errors.ts';
import { browserRequest } from '../../http/browser-request.ts';
import { refusalFrom } from '../../http/registry-error.ts';
import { isJsonObject, type Json, type JsonObject, stringMember } from '../../json.ts';
import type { Archive } from '../ecosystem.ts';
import type { PublishPlan } from '../registry.ts';
import { unexpectedAnswer } from './registry-client.ts';
import { isAccountName } from './sessions.ts';

/** docs/protocol.md, "Preflight". */
export function preflightBody(archives: readonly Archive[], browser: boolean): JsonObject {
  return {
    ...(browser ? { browser } : {}),
    releases: archives.map(({ ecosystem, name, version, digests, size }) => {
      return { ecosystem, name, version, sha256: digests.sha256, size };
    }),
  };
}

/**
 * What the answer to one release means. Throws what a refusal says, and `E_REGISTRY` for every answer that is
 * not exactly about this release: a plan decides whether the person is asked for a code.
 */
export function planFrom(answer: Json, archive: Archive, attempt: string, registryUrl = ''): PublishPlan {
  const { name, version } = archive;
  if (!isJsonObject(answer)) throw unexpectedAnswer(attempt, 'it is not a JSON object');
  const account = stringMember(answer, 'account');
  if (account === undefined || !isAccountName(account))
    throw unexpectedAnswer(attempt, 'it names no account');
  const factor = isJsonObject(answer['second_factor']) ? answer['second_factor'] : {};
  const required = factor['required'];
  if (typeof required !== 'boolean') {
    throw unexpectedAnswer(attempt, 'it does not say whether a second factor is required');
  }
  const releases = Array.isArray(answer['releases']) ? answer['releases'] : [];
  const release: Json | undefined = releases[0];
  const isOurs = isJsonObject(release) && release['name'] === name && release['version'] === version;
  if (!isOurs || releases.length !== 1) throw unexpectedAnswer(attempt, 'it is about another release');
  switch (release['decision']) {
    case 'accept':
      return { account, secondFactor: required, alreadyPublished: false, ...waysOf(factor, registryUrl) };
    case 'published':
      return { account, secondFactor: false, alreadyPublished: true };
    case 'refuse':
      throw refusal(release, attempt);
    default:
      throw unexpectedAnswer(attempt, 'its decision is not known');
  }
}

/** How the person can answer. A page that is not fit to be opened is left out: a code does as well. */
function waysOf(factor: JsonObject, registryUrl: string): Pick<PublishPlan, 'browser' | 'codes'> {
  const approval = isJsonObject(factor['approval']) ? factor['approval'] : undefined;
  const browser = browserRequest(approval?.['auth_url'], approval?.['done_url'], registryUrl);
  const methods = Array.isArray(factor['methods']) ? factor['methods'] : [];
  return browser === undefined ? {} : { browser, codes: methods.includes('totp') };
}

function refusal(release: JsonObject, attempt: string): PubError {
  const text = stringMember(release, 'message') ?? '';
  return refusalFrom({ status: undefined, code: stringMember(release, 'code'), text }, attempt);
}

import type { PubError } from '../../errors.ts';
import { browserRequest } from '../../http/browser-request.ts';
import { refusalFrom } from '../../http/registry-error.ts';
import { isJsonObject, type Json, type JsonObject, stringMember } from '../../json.ts';
import type { Archive } from '../ecosystem.ts';
import type { PublishPlan, PublishRequest, ReleasePlan } from '../registry.ts';
import { unexpectedAnswer } from './registry-client.ts';
import { isAccountName } from './sessions.ts';

/** docs/protocol.md, "Preflight". */
export function preflightBody(requests: readonly PublishRequest[]): JsonObject {
  const staged = requests.every(({ stage }) => stage);
  return {
    ...(staged && { stage: staged }),
    releases: requests.map(({ archive, access }) => {
      const { ecosystem, name, version, digests, size } = archive;
      return { ecosystem, name, version, sha256: digests.sha256, size, ...(access && { access }) };
    }),
  };
}

/** Says what was tried with one archive. */
export type AttemptOf = (archive: Archive) => string;

/**
 * What the answer means. Throws `E_REGISTRY` for every answer that is not exactly about these releases, in their
 * order: a plan decides what a person is asked for, and what is said to be public already.
 */
export function planFrom(
  answer: Json,
  archives: readonly Archive[],
  attemptOf: AttemptOf,
  registryUrl = '',
): PublishPlan {
  const attempt = attemptOf(archives[0] as Archive);
  if (!isJsonObject(answer)) throw unexpectedAnswer(attempt, 'it is not a JSON object');
  const account = stringMember(answer, 'account');
  if (account === undefined || !isAccountName(account))
    throw unexpectedAnswer(attempt, 'it names no account');
  const factor = isJsonObject(answer['second_factor']) ? answer['second_factor'] : {};
  const required = factor['required'];
  if (typeof required !== 'boolean') {
    throw unexpectedAnswer(attempt, 'it does not say whether a second factor is required');
  }
  const answered = Array.isArray(answer['releases']) ? answer['releases'] : [];
  if (answered.length !== archives.length) throw unexpectedAnswer(attempt, 'it is about other releases');
  const releases = archives.map((archive, index) =>
    releasePlan(answered[index], archive, attemptOf(archive)),
  );
  const accepted = releases.some(({ decision }) => decision === 'accept');
  const ways = accepted ? waysOf(factor, registryUrl) : {};
  return { account, secondFactor: required && accepted, releases, ...ways };
}

function releasePlan(release: Json | undefined, { name, version }: Archive, attempt: string): ReleasePlan {
  if (!isJsonObject(release) || release['name'] !== name || release['version'] !== version) {
    throw unexpectedAnswer(attempt, 'it is about another release');
  }
  switch (release['decision']) {
    case 'accept':
    case 'published':
      return { decision: release['decision'] };
    case 'refuse':
      return { decision: 'refuse', refusal: refusal(release, attempt) };
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

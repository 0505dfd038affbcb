import { setTimeout as sleep } from 'node:timers/promises';
import { PubError } from '../../errors.ts';
import { browserRequest } from '../../http/browser-request.ts';
import { refusalOf } from '../../http/registry-error.ts';
import { parseJsonObject, stringMember } from '../../json.ts';
import type { BrowserRequest } from '../../second-factor/challenge.ts';
import { Secret } from '../../secret.ts';
import { isSuccess, type RegistryClient, unexpectedAnswer } from './registry-client.ts';

/** Waiting for a person in a browser, as npm does it: `doneUrl` is asked until it answers with a token. */

/** Longer than registries keep a request. Milliseconds. */
const longestWait = 11 * 60_000;

/** Seconds between two questions, where the registry names none or an odd number. */
const shortestPause = 1;
const longestPause = 30;

/** `POST /-/v1/login`. A registry without pages answers with some 4xx, 404 with Verdaccio 6 (measured), or with 500. */
export async function beginBrowserLogin(client: RegistryClient): Promise<BrowserRequest | undefined> {
  if (!client.browser) return undefined;
  const attempt = `failed to begin a login at ${client.displayUrl}`;
  const response = await client.ask({
    method: 'POST',
    path: '-/v1/login',
    command: 'login',
    attempt,
    json: {},
  });
  // As npm's own client sees it (npm-profile): such a registry is asked for a token with name and password.
  if (response.status >= 400 && response.status <= 500) return undefined;
  if (!isSuccess(response)) throw refusalOf(response, attempt);
  const answer = parseJsonObject(response.text);
  const request = browserRequest(answer?.['loginUrl'], answer?.['doneUrl'], client.url);
  if (request === undefined) throw unexpectedAnswer(attempt, 'there is no usable address in it');
  return request;
}

/** Polls without a token: the address is a capability of its own. */
export async function collect(client: RegistryClient, { doneUrl }: BrowserRequest): Promise<Secret> {
  const attempt = `failed to hear from ${client.displayUrl} what was decided in the browser`;
  const { pathname, search } = new URL(doneUrl);
  const deadline = Date.now() + longestWait;
  while (Date.now() < deadline) {
    const response = await client.ask({
      method: 'GET',
      path: `${pathname}${search}`,
      command: 'login',
      attempt,
    });
    if (response.status === 202) {
      await sleep(pauseIn(response.headers['retry-after']) * 1_000);
      continue;
    }
    if (response.status >= 400 && response.status < 500) throw declined();
    if (!isSuccess(response)) throw refusalOf(response, attempt);
    const answer = parseJsonObject(response.text);
    // A login that was refused ends so: see docs/protocol.md.
    if (answer !== undefined && answer['token'] === undefined) throw declined();
    const token = stringMember(answer, 'token');
    if (token === undefined || !/^[\x21-\x7e]{1,8192}$/.test(token)) {
      throw unexpectedAnswer(attempt, 'there is no usable token in it');
    }
    return new Secret(token);
  }
  throw declined();
}

function pauseIn(header: string | undefined): number {
  const seconds = Number(header);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, shortestPause), longestPause) : shortestPause;
}

function declined(): PubError {
  return new PubError('E_SECOND_FACTOR', 'it was not approved in the browser', {
    hint: 'it was denied there, or its time ran out: run the command again',
  });
}

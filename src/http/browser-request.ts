import type { Json } from '../json.ts';
import type { BrowserRequest } from '../second-factor/challenge.ts';
import { isLoopback } from './credential-rules.ts';

/** Longer than any address a registry makes; a terminal has to show it. */
const longest = 2_048;

/**
 * The two addresses of a browser request, if they are fit for use: the page is opened in the person's browser, so
 * it is http or https and nothing else; what is polled gives out a token, so it is the registry's own.
 */
export function browserRequest(
  page: Json | undefined,
  done: Json | undefined,
  registryUrl: string,
): BrowserRequest | undefined {
  const pageUrl = webAddress(page);
  const doneUrl = webAddress(done);
  if (pageUrl === undefined || doneUrl === undefined) return undefined;
  return doneUrl.origin === URL.parse(registryUrl)?.origin
    ? { pageUrl: pageUrl.href, doneUrl: doneUrl.href }
    : undefined;
}

/** An address a person may be sent to: https, or http on this machine, without credentials. */
export function webAddress(value: Json | undefined): URL | undefined {
  const url = typeof value === 'string' && value.length <= longest ? URL.parse(value) : null;
  if (url === null || url.username !== '' || url.password !== '') return undefined;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)) ? url : undefined;
}

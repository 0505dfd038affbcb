import { type Content, html } from './html.ts';

/** No word to search engines on our behalf, and none to the other side about where the reader comes from. */
export const relOfOthers = 'nofollow noopener noreferrer';

/** An address elsewhere that a link may lead to, written anew by the URL parser; `undefined` for any other text. */
export function externalAddress(text: string, more: readonly string[] = []): string | undefined {
  const url = URL.parse(text);
  return url !== null && ['http:', 'https:', ...more].includes(url.protocol) ? url.href : undefined;
}

/** The address itself is what is shown. Text that is no address is shown as such. */
export function externalLink(text: string): Content {
  const address = externalAddress(text);
  if (address === undefined) return html`<bdi>${text}</bdi>`;
  return html`<a href="${address}" rel="${relOfOthers}">${address}</a>`;
}

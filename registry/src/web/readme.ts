import type { StateCore, Token } from 'markdown-it';
import MarkdownIt from 'markdown-it';
import { externalAddress, relOfOthers } from './external-link.ts';
import { type Html, provenHtml } from './html.ts';

/**
 * A README is anybody's text. HTML in it is shown as text, links lead to http, https and mail alone, and a
 * picture is a link to where it lies: reading about a package tells nobody that it is read. What the renderer
 * writes is escaped by it; our additions are below.
 */
const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });
// Relative links are let through here, to become plain words below: they lead nowhere on this site.
markdown.validateLink = () => true;
markdown.core.ruler.push('safe_links', safeLinks);
markdown.renderer.rules['image'] = (tokens, index) => {
  const token = tokens[index] as Token;
  const alt = markdown.utils.escapeHtml(token.content || 'picture');
  const address = externalAddress(String(token.attrGet('src') ?? ''));
  if (address === undefined || token.meta?.['inLink'] === true) return alt;
  return `<a href="${markdown.utils.escapeHtml(address)}" rel="${relOfOthers}">${alt} (picture)</a>`;
};

// What scrolls sideways can be reached with the keyboard.
for (const rule of ['fence', 'code_block'] as const) {
  const render = markdown.renderer.rules[rule];
  markdown.renderer.rules[rule] = (...block) =>
    (render?.(...block) ?? '').replace(/^<pre/, '<pre tabindex="0"');
}

/** The archive's reader bounds its length (`protocols/npm/inspect-archive.ts`). */
export function renderReadme(text: string): Html {
  return provenHtml(markdown.render(text));
}

function safeLinks({ tokens }: StateCore): void {
  for (const token of tokens) {
    if (token.type === 'heading_open' || token.type === 'heading_close') token.tag = lower(token.tag);
    if (token.type === 'table_open') token.attrSet('tabindex', '0');
    // Columns are aligned by a `style`, which the pages' policy lets no element have.
    if (token.type === 'th_open' || token.type === 'td_open') token.attrs = [];
    if (token.children !== null) bindLinks(token.children);
  }
}

/** Below the page's own headings. */
function lower(heading: string): string {
  return `h${Math.min(6, Number(heading.slice(1)) + 2)}`;
}

/** Links do not nest in Markdown, so one that closes is the one that was opened last. */
function bindLinks(tokens: readonly Token[]): void {
  let address: string | undefined;
  for (const token of tokens) {
    if (token.type === 'link_open')
      address = externalAddress(String(token.attrGet('href') ?? ''), ['mailto:']);
    if (token.type.startsWith('link_')) bindLink(token, address);
    if (token.type === 'link_close') address = undefined;
    if (token.type === 'image') token.meta = { inLink: address !== undefined };
  }
}

/** Without an address that may be linked to, the words stay. */
function bindLink(token: Token, address: string | undefined): void {
  token.tag = address === undefined ? 'span' : 'a';
  if (token.type === 'link_close') return;
  token.attrs =
    address === undefined
      ? []
      : [
          ['href', address],
          ['rel', relOfOthers],
        ];
}

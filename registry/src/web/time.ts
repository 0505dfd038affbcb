import { type Content, html } from './html.ts';

/** A moment as people and programs read it. In UTC: the server does not know where its reader is. */
export function time(milliseconds: number): Content {
  const iso = new Date(milliseconds).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC</time>`;
}

export function day(milliseconds: number): Content {
  const iso = new Date(milliseconds).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 10)}</time>`;
}

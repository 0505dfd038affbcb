import { html } from './html.ts';
import { type Page, page } from './layout.ts';
import type { Visit } from './visit.ts';

export async function showFront({ services }: Visit): Promise<Page> {
  const { issuer } = services.settings;
  return page({ title: 'Packages', body: html`<h1>${issuer}</h1>` });
}

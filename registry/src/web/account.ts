import { html } from './html.ts';
import { type Page, page } from './layout.ts';
import { requireLogin, type Visit } from './visit.ts';

/** The pages of an account, in the order they are listed. */
export const accountPages: readonly {
  readonly path: string;
  readonly title: string;
  readonly about: string;
}[] = [
  {
    path: '/-/web/security',
    title: 'Security',
    about: 'Password, second factors, sessions, tokens, history',
  },
];

export async function showAccount(visit: Visit): Promise<Page> {
  const { actor } = requireLogin(visit);
  const entries = accountPages.map(
    ({ path, title, about }) => html`<li><a href="${path}">${title}</a><br><small>${about}</small></li>`,
  );
  return page({ title: 'Account', body: html`<h1>${actor.name}</h1><ul class="plain">${entries}</ul>` });
}

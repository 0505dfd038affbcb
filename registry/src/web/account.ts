import { getAccount } from '../accounts/accounts.ts';
import { html } from './html.ts';
import { type Page, page } from './layout.ts';
import { time } from './time.ts';
import { requireLogin, type Visit } from './visit.ts';

interface AccountPage {
  readonly path: string;
  readonly title: string;
  readonly about: string;
}

/** The pages of an account, in the order they are listed. */
export const accountPages: readonly AccountPage[] = [
  {
    path: '/-/web/security',
    title: 'Security',
    about: 'Second factors, passkeys, recovery codes, sessions, tokens, history',
  },
  { path: '/-/web/account/password', title: 'Password', about: 'Choose another one' },
  { path: '/-/web/account/email', title: 'E-mail address', about: 'Where notices and links go' },
  {
    path: '/-/web/invitations',
    title: 'Invitations',
    about: 'Packages and scopes that wait for your answer',
  },
];

export async function showAccount(visit: Visit): Promise<Page> {
  const { actor } = requireLogin(visit);
  const { services } = visit;
  const { hold_until } = await getAccount(services.database.read, actor.accountId);
  const held = hold_until !== null && hold_until > services.clock() ? hold_until : undefined;
  const entries = accountPages.map(
    ({ path, title, about }) => html`<li><a href="${path}">${title}</a><br><small>${about}</small></li>`,
  );
  return page({
    title: 'Account',
    body: html`<h1>${actor.name}</h1>
${
  held !== undefined &&
  html`<p class="notice">This account was recovered with a recovery code, and is held until ${time(held)}: until then nothing can be published or changed. If that was not you, tell the operator of this registry now.</p>`
}
<ul class="plain">${entries}</ul>`,
  });
}

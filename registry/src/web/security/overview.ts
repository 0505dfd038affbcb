import { getAccount } from '../../accounts/accounts.ts';
import { listPasskeys } from '../../accounts/passkeys/passkeys.ts';
import { findFactors } from '../../accounts/second-factor/factors.ts';
import { countRecoveryCodes } from '../../accounts/second-factor/replace-recovery-codes.ts';
import { listSessions } from '../../accounts/sessions.ts';
import { listTokens } from '../../accounts/tokens/own-tokens.ts';
import { type Content, html } from '../html.ts';
import { type Page, page } from '../layout.ts';
import { time } from '../time.ts';
import { requireLogin, type Visit } from '../visit.ts';

/** The security page: what protects the account, each with the page that changes it. */
export async function showSecurity(visit: Visit): Promise<Page> {
  const { actor } = requireLogin(visit);
  const { database, clock } = visit.services;
  const { accountId } = actor;
  const now = clock();
  const [account, factors, passkeys, left, sessions, tokens] = await Promise.all([
    getAccount(database.read, accountId),
    findFactors(database.read, accountId),
    listPasskeys(database.read, accountId),
    countRecoveryCodes(database.read, accountId),
    listSessions(database.read, accountId, now),
    listTokens(database.read, accountId, now),
  ]);
  const { hold_until: held } = account;
  return page({
    title: 'Security',
    body: html`<h1>Security</h1>
${held !== null && held > now && html`<p class="problem">This account was recovered with a recovery code. It can publish and change nothing until ${time(held)}. If that was not you, tell the operator of the registry.</p>`}
${factors.mode === undefined && html`<p class="notice">Your password is all that protects this account. Add a second factor: a passkey if you can, or an authenticator app.</p>`}
<h2>Second factors</h2>
<ul class="plain">
${entry('passkeys', 'Passkeys', passkeys.length === 0 ? 'none' : passkeys.map(({ name }) => name).join(', '))}
${entry('totp', 'Authenticator app', factors.totp === undefined ? 'none' : modeWords[factors.totp.mode])}
${factors.mode !== undefined && entry('recovery-codes', 'Recovery codes', `${left} left`)}
</ul>
<h2>Access</h2>
<ul class="plain">
${entry('sessions', 'Sessions', count(sessions.length, 'browser'))}
${entry('tokens', 'Tokens', count(tokens.length, 'token'))}
${entry('history', 'History', 'what your account did, and what was done to it')}
</ul>`,
  });
}

const modeWords = {
  'auth-only': 'asked for at logins and changes',
  'auth-and-writes': 'asked for at logins, releases and changes',
};

function entry(path: string, title: string, about: string): Content {
  return html`<li><a href="/-/web/security/${path}">${title}</a><br><small>${about}</small></li>`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

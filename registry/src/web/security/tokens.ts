import { createLimitedToken } from '../../accounts/tokens/create-token.ts';
import { listTokens, revokeOwnToken, type TokenSummary } from '../../accounts/tokens/own-tokens.ts';
import { type TokenScope, tokenScopes } from '../../accounts/tokens/scopes.ts';
import { type AskedSettings, parseTokenSettings } from '../../accounts/tokens/settings.ts';
import { programOf } from '../../protocols/request.ts';
import { field } from '../form.ts';
import { orFormAgain } from '../handle.ts';
import { type Content, html } from '../html.ts';
import { type Answer, type Page, page, problem, redirect } from '../layout.ts';
import { time } from '../time.ts';
import { requireLogin, type Visit } from '../visit.ts';
import { backToSecurity, requireProof } from './frame.ts';

const path = '/-/web/security/tokens';

export async function showTokens(visit: Visit): Promise<Answer> {
  const { actor } = requireLogin(visit);
  const { database, clock } = visit.services;
  const tokens = await listTokens(database.read, actor.accountId, clock());
  return page({
    title: 'Tokens',
    body: html`${backToSecurity}<h1>Tokens</h1>
<p>What programs act for your account with. A token of a login may do all that you may; one that is made here does what it is for, and nothing else.</p>
${tokens.length === 0 ? html`<p>You have none.</p>` : html`<ul class="plain">${tokens.map((token) => tokenEntry(visit, token))}</ul>`}
<p><a class="button" href="${path}/create">Make a token</a></p>`,
  });
}

function tokenEntry(visit: Visit, token: TokenSummary): Content {
  const { key, hint, name, description, lastUsedAt, lastUsedAddress, expiresAt } = token;
  const used =
    lastUsedAt === undefined
      ? 'never used'
      : html`last used ${time(lastUsedAt)} from ${lastUsedAddress ?? 'somewhere'}`;
  return html`<li><strong>${name}</strong> ${hint !== '' && html`<code>${hint}…</code>`}<br>
<small>${description !== undefined && html`${description}<br>`}${limitsOf(token)}, until ${time(expiresAt)}, ${used}</small>
<form method="post" action="${path}/revoke">
${visit.csrf()}<input type="hidden" name="token" value="${key}">
<button class="danger" aria-label="Revoke ${name}">Revoke</button>
</form></li>`;
}

function limitsOf({ limits }: TokenSummary): string {
  if (limits === undefined) return 'a login: everything';
  const { scopes, packages, networks } = limits;
  const from = networks === undefined ? '' : `, from ${networks.join(' ')}`;
  return `${scopes.join(', ')}: ${packages?.join(' ') ?? 'all packages'}${from}`;
}

export async function revoke(visit: Visit): Promise<Answer> {
  const { actor } = requireLogin(visit);
  await revokeOwnToken(visit.services, actor, field(visit.request, 'token'));
  return redirect(path);
}

export async function showCreateToken(visit: Visit): Promise<Answer> {
  await requireProof(visit);
  return createPage(visit);
}

const scopeWords: Readonly<Record<TokenScope, string>> = {
  read: 'read restricted packages',
  stage: 'stage releases for approval',
  publish: 'publish releases',
  yank: 'deprecate releases and move tags',
  owners: 'change owners, access and policy',
};

function createPage(visit: Visit, wrong?: string): Page {
  requireLogin(visit);
  const sent = (name: string) => field(visit.request, name).slice(0, 2_000);
  return page({
    title: 'Make a token',
    body: html`<p class="soft"><a href="${path}">Tokens</a></p><h1>Make a token</h1>
${problem(wrong)}
<form method="post" action="${path}/create">
${visit.csrf()}
<label for="name">Name</label>
<p class="hint" id="name-hint">What it is for, such as the job that uses it.</p>
<input id="name" name="name" required maxlength="100" autocomplete="off" aria-describedby="name-hint" value="${sent('name')}">
<fieldset><legend>It may</legend>
${tokenScopes.map(
  (scope) =>
    html`<p><input type="checkbox" id="scope-${scope}" name="scope-${scope}" value="yes"${sent(`scope-${scope}`) !== '' && html` checked`}> <label class="inline" for="scope-${scope}">${scopeWords[scope]}</label></p>`,
)}
</fieldset>
<label for="packages">Packages</label>
<p class="hint" id="packages-hint">Names, a whole scope as @acme/*, or crates as cargo:tool, with spaces between them. Leave it empty for all of yours.</p>
<input id="packages" name="packages" autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="packages-hint" value="${sent('packages')}">
<label for="networks">Networks</label>
<p class="hint" id="networks-hint">Where it may be used from, such as 192.0.2.0/24. Leave it empty for anywhere.</p>
<input id="networks" name="networks" autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="networks-hint" value="${sent('networks')}">
<label for="days">Days until it ends</label>
<p class="hint" id="days-hint">At most 90; 365 for one that only reads.</p>
<input id="days" name="days" class="code" inputmode="numeric" required maxlength="3" aria-describedby="days-hint" value="${sent('days') || '7'}">
<p><button>Make the token</button></p>
</form>`,
  });
}

function settingsIn({ request }: Visit): AskedSettings {
  const words = (name: string) =>
    field(request, name)
      .split(/[\s,]+/)
      .filter((word) => word !== '');
  const [packages, networks] = [words('packages'), words('networks')];
  return {
    name: field(request, 'name').trim(),
    scopes: tokenScopes.filter((scope) => field(request, `scope-${scope}`) !== ''),
    packages: packages.length === 0 ? undefined : packages,
    networks: networks.length === 0 ? undefined : networks,
    days: /^\d{1,3}$/.test(field(request, 'days')) ? Number(field(request, 'days')) : Number.NaN,
  };
}

export async function create(visit: Visit): Promise<Answer> {
  const { requester } = requireLogin(visit);
  const work = async () => {
    const settings = parseTokenSettings(settingsIn(visit));
    const { token } = await createLimitedToken(visit.services, requester, settings, programOf(visit.request));
    return newTokenPage(settings.name, token);
  };
  return await orFormAgain(visit, work, async (wrong) => createPage(visit, wrong));
}

/** The only time it is shown. */
function newTokenPage(name: string, token: string): Page {
  return page({
    title: 'Your new token',
    body: html`<h1>Your new token</h1>
<p>This is <strong>${name}</strong>. Copy it to where it is used, now: <strong>it is not shown again.</strong></p>
<pre tabindex="0" aria-label="Token"><code>${token}</code></pre>
<p><a class="button" href="${path}">I have copied it</a></p>`,
  });
}

import { createHash } from 'node:crypto';
import {
  beginBrowserLogin,
  completeWithCode,
  completeWithPasskey,
  logInWithPasskey,
  sessionContext,
} from '../accounts/browser-log-in.ts';
import { findRelyingParty } from '../accounts/passkeys/relying-party.ts';
import { endSession, findSession, type Session } from '../accounts/sessions.ts';
import { Refusal } from '../errors.ts';
import { programOf, queryParameter } from '../protocols/request.ts';
import { codeField, returnField } from './fields.ts';
import { field } from './form.ts';
import { orFormAgain } from './handle.ts';
import { html } from './html.ts';
import { type Answer, type Page, page, problem, redirect } from './layout.ts';
import { canUsePasskey, passkeyAnswer, passkeyForm, passkeyScripts } from './passkey-form.ts';
import { spaceCode } from './recovery-code-text.ts';
import { safeReturn, withReturn } from './return-path.ts';
import { findLoggedIn, keepSession, type Visit } from './visit.ts';

/** Name and password, then the second factor; or a passkey, which needs neither. */

export async function showLogIn(visit: Visit): Promise<Answer> {
  const back = safeReturn(queryParameter(visit.request, 'return'));
  if (findLoggedIn(visit) !== undefined) return redirect(back);
  return await logInPage(visit, back);
}

async function logInPage(visit: Visit, back: string, wrong?: string): Promise<Page> {
  const passkeys = findRelyingParty(visit.services.settings) !== undefined;
  const question = {
    purpose: 'login',
    accountId: undefined,
    context: browserContext(visit.formSecret()),
    action: withReturn('/-/web/log-in/passkey', back),
    button: 'Log in with a passkey',
  } as const;
  return page({
    title: 'Log in',
    scripts: passkeys ? passkeyScripts : [],
    body: html`<h1>Log in</h1>
${problem(wrong)}
<form method="post" action="/-/web/log-in">
${visit.csrf()}${returnField(back)}
<label for="name">User name</label>
<input id="name" name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="64" value="${field(visit.request, 'name').slice(0, 64)}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256">
<p><button>Log in</button></p>
</form>
${passkeys && html`<h2>Without a password</h2>${await passkeyForm(visit, question)}`}
<p class="soft"><a href="/-/web/password/forgotten">I have forgotten my password</a></p>`,
  });
}

/** An answer counts only in the browser that was asked. */
function browserContext(secret: string): string {
  return `browser:${createHash('sha256').update(secret).digest('hex')}`;
}

export async function logIn(visit: Visit): Promise<Answer> {
  const { services, request } = visit;
  const back = safeReturn(field(request, 'return'));
  const work = async () => {
    const name = field(request, 'name').trim();
    const program = programOf(request);
    const secret = await beginBrowserLogin(services, { name, password: field(request, 'password'), program });
    const session = await startSession(visit, secret);
    return redirect(session?.state === 'password' ? withReturn('/-/web/log-in/factor', back) : back);
  };
  return await orFormAgain(visit, work, (wrong) => logInPage(visit, back, wrong));
}

export async function logInByPasskey(visit: Visit): Promise<Answer> {
  const { services, request, cookie = '' } = visit;
  const back = safeReturn(queryParameter(request, 'return'));
  const work = async () => {
    const login = {
      response: passkeyAnswer(visit),
      context: browserContext(cookie),
      program: programOf(request),
    };
    await startSession(visit, await logInWithPasskey(services, login));
    return redirect(back);
  };
  return await orFormAgain(visit, work, (wrong) => logInPage(visit, back, wrong));
}

/** The browser's earlier session ends: there is one for a browser. */
async function startSession(visit: Visit, secret: string): Promise<Session | undefined> {
  const { services, session } = visit;
  keepSession(visit, secret);
  if (session !== undefined) {
    const { accountId, id } = session;
    await services.database.write((transaction) =>
      endSession(transaction, { accountId, id, now: services.clock() }),
    );
  }
  return await findSession(services.database.read, secret, services.clock());
}

export async function showLogInFactor(visit: Visit): Promise<Answer> {
  const back = safeReturn(queryParameter(visit.request, 'return'));
  if (visit.session?.state !== 'password') return redirect(withReturn('/-/web/log-in', back));
  return await factorPage(visit, { session: visit.session, back });
}

async function factorPage(
  visit: Visit,
  { session, back, wrong }: { session: Session; back: string; wrong?: string },
): Promise<Page> {
  const passkey = await canUsePasskey(visit, session.accountId);
  const question = {
    purpose: 'second-factor',
    accountId: session.accountId,
    context: sessionContext(session.id),
    action: withReturn('/-/web/log-in/factor/passkey', back),
    button: 'Use a passkey',
  } as const;
  return page({
    title: 'Second factor',
    scripts: passkey ? passkeyScripts : [],
    body: html`<h1>Your second factor</h1>
${problem(wrong)}
${passkey && (await passkeyForm(visit, question))}
<form method="post" action="/-/web/log-in/factor">
${visit.csrf()}${returnField(back)}
${codeField('Code from your authenticator app, or a recovery code')}
<p class="hint">A recovery code gets you in, and holds the account for 72 hours: nothing can be published or changed until then.</p>
<p><button>Continue</button></p>
</form>`,
  });
}

export async function completeByCode(visit: Visit): Promise<Answer> {
  const { services, request } = visit;
  const back = safeReturn(field(request, 'return'));
  const half = halfLogin(visit);
  const work = async () => {
    const presented = { code: field(request, 'code').trim().slice(0, 64), receivedAt: request.receivedAt };
    const { secret, recoveryCode } = await completeWithCode(services, half, presented);
    keepSession(visit, secret);
    return recoveryCode === undefined ? redirect(back) : replacementPage(recoveryCode, back);
  };
  return await orFormAgain(visit, work, (wrong) => factorPage(visit, { session: half.session, back, wrong }));
}

/** The only time it is shown. */
function replacementPage(recoveryCode: string, back: string): Page {
  return page({
    title: 'A new recovery code',
    body: html`<h1>A new recovery code</h1>
<p>You have used a recovery code. Strike it out, and keep this one in its place, now: <strong>it is not shown again.</strong></p>
<pre tabindex="0" aria-label="Recovery code"><code>${spaceCode(recoveryCode)}</code></pre>
<p>The account is held for 72 hours: nothing can be published or changed until then.</p>
<p><a class="button" href="${back}">I have kept it</a></p>`,
  });
}

export async function completeByPasskey(visit: Visit): Promise<Answer> {
  const { services, request } = visit;
  const back = safeReturn(queryParameter(request, 'return'));
  const half = halfLogin(visit);
  const work = async () => {
    keepSession(visit, await completeWithPasskey(services, half, passkeyAnswer(visit)));
    return redirect(back);
  };
  return await orFormAgain(visit, work, (wrong) => factorPage(visit, { session: half.session, back, wrong }));
}

function halfLogin({ session, cookie, request }: Visit) {
  if (session?.state !== 'password' || cookie === undefined) {
    throw new Refusal('unauthenticated', 'this login took too long: begin again');
  }
  return { session, secret: cookie, program: programOf(request) };
}

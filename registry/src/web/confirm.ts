import { sessionContext } from '../accounts/browser-log-in.ts';
import { confirmWithCode, confirmWithPasskey, confirmWithPassword } from '../accounts/confirm-session.ts';
import { findFactors } from '../accounts/second-factor/factors.ts';
import { queryParameter } from '../protocols/request.ts';
import { codeField, returnField } from './fields.ts';
import { field } from './form.ts';
import { orFormAgain } from './handle.ts';
import { html } from './html.ts';
import { type Answer, type Page, page, problem, redirect } from './layout.ts';
import { canUsePasskey, passkeyAnswer, passkeyForm, passkeyScripts } from './passkey-form.ts';
import { safeReturn, withReturn } from './return-path.ts';
import { keepSession, requireLogin, type Visit } from './visit.ts';

/** "Confirm that it is you", on the way to something that takes a fresh proof. */
export async function showConfirm(visit: Visit): Promise<Answer> {
  return await confirmPage(visit, safeReturn(queryParameter(visit.request, 'return')));
}

async function confirmPage(visit: Visit, back: string, wrong?: string): Promise<Page> {
  const { session } = requireLogin(visit);
  const { accountId, id } = session;
  const { mode, totp } = await findFactors(visit.services.database.read, accountId);
  const passkey = await canUsePasskey(visit, accountId);
  const question = {
    purpose: 'confirm',
    accountId,
    context: sessionContext(id),
    action: withReturn('/-/web/confirm/passkey', back),
    button: 'Use a passkey',
  } as const;
  const form = totp === undefined ? passwordField() : codeField('Code from your authenticator app');
  return page({
    title: 'Confirm that it is you',
    scripts: passkey ? passkeyScripts : [],
    body: html`<h1>Confirm that it is you</h1>
<p>What you are about to do decides over your account or its packages. This confirmation is good for ten minutes.</p>
${problem(wrong)}
${passkey && (await passkeyForm(visit, question))}
${
  (totp !== undefined || mode === undefined) &&
  html`<form method="post" action="/-/web/confirm">
${visit.csrf()}${returnField(back)}
${form}
<p><button>Confirm</button></p>
</form>`
}`,
  });
}

function passwordField() {
  return html`<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256">`;
}

export async function confirm(visit: Visit): Promise<Answer> {
  const { services, request, cookie: secret = '' } = visit;
  const { session } = requireLogin(visit);
  const back = safeReturn(field(request, 'return'));
  const work = async () => {
    const code = field(request, 'code').trim().slice(0, 64);
    const password = field(request, 'password');
    const confirmation = { session, secret };
    const next =
      code === ''
        ? await confirmWithPassword(services, confirmation, { password, address: request.ip })
        : await confirmWithCode(services, confirmation, { code, receivedAt: request.receivedAt });
    keepSession(visit, next);
    return redirect(back);
  };
  return await orFormAgain(visit, work, (wrong) => confirmPage(visit, back, wrong));
}

export async function confirmByPasskey(visit: Visit): Promise<Answer> {
  const { services, request, cookie: secret = '' } = visit;
  const { session } = requireLogin(visit);
  const back = safeReturn(queryParameter(request, 'return'));
  const work = async () => {
    keepSession(visit, await confirmWithPasskey(services, { session, secret }, passkeyAnswer(visit)));
    return redirect(back);
  };
  return await orFormAgain(visit, work, (wrong) => confirmPage(visit, back, wrong));
}

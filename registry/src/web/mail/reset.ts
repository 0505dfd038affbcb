import { findRelyingParty } from '../../accounts/passkeys/relying-party.ts';
import { describeReset, type ResetLink, resetPassword } from '../../accounts/reset-password.ts';
import { programOf } from '../../protocols/request.ts';
import { codeField } from '../fields.ts';
import { field } from '../form.ts';
import { orFormAgain } from '../handle.ts';
import { html } from '../html.ts';
import { type Answer, type Page, page, problem } from '../layout.ts';
import { passkeyAnswer, passkeyForm, passkeyScripts } from '../passkey-form.ts';
import type { Visit } from '../visit.ts';
import { linkSecret } from './link.ts';
import { newPassword, newPasswordFields } from './new-password.ts';

/** `/-/web/mail/reset/<secret>`: a new password, together with the second factor of an account that has one. */
export async function showReset(visit: Visit): Promise<Answer> {
  return await resetPage(visit);
}

async function resetPage(visit: Visit, wrong?: string): Promise<Page> {
  const secret = linkSecret(visit);
  const link = await describeReset(visit.services, secret);
  const passkey = link.passkeys && findRelyingParty(visit.services.settings) !== undefined;
  const action = `/-/web/mail/reset/${encodeURIComponent(secret)}`;
  const factor = link.totp || link.passkeys;
  const owner = { account: link.account, shortest: factor ? 8 : 15 } as const;
  return page({
    title: 'New password',
    scripts: passkey ? passkeyScripts : [],
    body: html`<h1>A new password for ${link.account}</h1>
<p>Every session and every token of the account ends with it.${factor && ' Its second factor stays, and has to be shown.'}</p>
${problem(wrong)}
${passkey && (await passkeyForm(visit, passkeyQuestion(link, `${action}/passkey`, newPasswordFields(owner, 'passkey'))))}
${
  (link.totp || !factor) &&
  html`<form method="post" action="${action}">
${visit.csrf()}
${newPasswordFields(owner)}
${link.totp && codeField('Code from your authenticator app')}
<p><button>Set the password</button></p>
</form>`
}
${factor && html`<p class="soft">You have none of your factors any more? A recovery code cannot set a password: ask the operator of this registry.</p>`}`,
  });
}

function passkeyQuestion(
  { accountId, context }: ResetLink,
  action: string,
  fields: ReturnType<typeof newPasswordFields>,
) {
  const button = 'Set the password with a passkey';
  return { purpose: 'second-factor', accountId, context, action, button, fields } as const;
}

export async function reset(visit: Visit): Promise<Answer> {
  const code = field(visit.request, 'code').trim().slice(0, 64) || undefined;
  return await finish(visit, () => ({ code, passkey: undefined }));
}

export async function resetByPasskey(visit: Visit): Promise<Answer> {
  return await finish(visit, () => ({ code: undefined, passkey: passkeyAnswer(visit) }));
}

async function finish(
  visit: Visit,
  factor: () => { readonly code: string | undefined; readonly passkey: unknown },
): Promise<Answer> {
  const { services, request } = visit;
  const work = async () => {
    await resetPassword(services, {
      secret: linkSecret(visit),
      password: newPassword(visit),
      receivedAt: request.receivedAt,
      program: programOf(request),
      ...factor(),
    });
    return page({
      title: 'Password set',
      body: html`<h1>Password set</h1>
<p class="done" role="status">All sessions and tokens of the account were ended.</p>
<p><a href="/-/web/log-in">Log in</a></p>`,
    });
  };
  return await orFormAgain(visit, work, (wrong) => resetPage(visit, wrong));
}

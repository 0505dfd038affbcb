import { checkPassword } from '../../accounts/check-password.ts';
import { changeProfile } from '../../accounts/profile.ts';
import { hasSecondFactor } from '../../accounts/second-factor/factors.ts';
import { field } from '../form.ts';
import { orFormAgain } from '../handle.ts';
import { html } from '../html.ts';
import { type Answer, type Page, page, problem } from '../layout.ts';
import { requireProof } from '../security/frame.ts';
import { requireLogin, type Visit } from '../visit.ts';
import { newPassword, newPasswordFields } from './new-password.ts';

/** Another password: with the old one, and a fresh proof of who asks. */
export async function showPassword(visit: Visit): Promise<Answer> {
  return await passwordPage(visit);
}

async function passwordPage(visit: Visit, wrong?: string): Promise<Page> {
  const { actor } = await requireProof(visit);
  const factor = await hasSecondFactor(visit.services.database.read, actor.accountId);
  return page({
    title: 'Password',
    body: html`<p class="soft"><a href="/-/web/account">Account</a></p>
<h1>Password</h1>
<p>Every other session, and every token of the account, ends with it.</p>
${problem(wrong)}
<form method="post" action="/-/web/account/password">
${visit.csrf()}
<label for="old">Password so far</label>
<input id="old" name="old" type="password" autocomplete="current-password" required maxlength="256">
${newPasswordFields({ account: actor.name, shortest: factor ? 8 : 15 })}
<p><button>Change the password</button></p>
</form>`,
  });
}

export async function changePassword(visit: Visit): Promise<Answer> {
  const { services, request } = visit;
  const { actor, requester } = requireLogin(visit);
  const work = async () => {
    const password = newPassword(visit);
    await checkPassword(services, { name: actor.name, password: field(request, 'old'), address: request.ip });
    await changeProfile(services, requester, { fields: {}, newPassword: password });
    return page({
      title: 'Password changed',
      body: html`<h1>Password changed</h1>
<p class="done" role="status">All other sessions and all tokens of the account were ended.</p>
<p><a href="/-/web/account">To the account</a></p>`,
    });
  };
  return await orFormAgain(visit, work, (wrong) => passwordPage(visit, wrong));
}

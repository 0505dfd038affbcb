import { getAccount } from '../../accounts/accounts.ts';
import { confirmAgain, findPendingEmail } from '../../accounts/email-address.ts';
import { changeProfile } from '../../accounts/profile.ts';
import { programOf } from '../../protocols/request.ts';
import { field } from '../form.ts';
import { orFormAgain } from '../handle.ts';
import { type Content, html } from '../html.ts';
import { type Answer, type Page, page, problem, redirect } from '../layout.ts';
import { requireProof } from '../security/frame.ts';
import { requireLogin, type Visit } from '../visit.ts';

const path = '/-/web/account/email';

/** Where mail goes. Another address takes a fresh proof, and counts once it was confirmed. */
export async function showEmail(visit: Visit): Promise<Answer> {
  return await emailPage(visit);
}

async function emailPage(visit: Visit, wrong?: string): Promise<Page> {
  const { services, request } = visit;
  const { actor } = await requireProof(visit);
  const account = await getAccount(services.database.read, actor.accountId);
  const waiting = await findPendingEmail(services.database.read, account, services.clock());
  const confirmed = account.email_verified_at === null ? 'not confirmed yet' : 'confirmed';
  return page({
    title: 'E-mail address',
    body: html`<p class="soft"><a href="/-/web/account">Account</a></p>
<h1>E-mail address</h1>
<p>${account.email === null ? 'The account has no address: nobody hears of what happens to it.' : html`<strong>${account.email}</strong>, ${confirmed}.`}</p>
${problem(wrong)}
${waiting !== undefined && waitingForm(visit, waiting)}
<form method="post" action="${path}">
${visit.csrf()}
<label for="email">New address</label>
<p class="hint" id="email-hint">It counts once you have opened the link that is sent to it. The address so far hears of it too.</p>
<input id="email" name="email" type="email" autocomplete="email" required maxlength="254" aria-describedby="email-hint" value="${field(request, 'email').slice(0, 254)}">
<p><button>Change the address</button></p>
</form>`,
  });
}

function waitingForm(visit: Visit, email: string): Content {
  return html`<p class="notice">A link went to <strong>${email}</strong>. The address is confirmed once it was opened.</p>
<form method="post" action="${path}/again">
${visit.csrf()}
<p><button class="second">Send the link again</button></p>
</form>`;
}

export async function changeEmail(visit: Visit): Promise<Answer> {
  const { requester } = requireLogin(visit);
  const work = async () => {
    const email = field(visit.request, 'email').trim();
    await changeProfile(visit.services, requester, { fields: {}, email });
    return redirect(path);
  };
  return await orFormAgain(visit, work, (wrong) => emailPage(visit, wrong));
}

export async function askAgain(visit: Visit): Promise<Answer> {
  const { services, request } = visit;
  const { requester } = requireLogin(visit);
  const work = async () => {
    await confirmAgain(services, requester, programOf(request));
    return redirect(path);
  };
  return await orFormAgain(visit, work, (wrong) => emailPage(visit, wrong));
}

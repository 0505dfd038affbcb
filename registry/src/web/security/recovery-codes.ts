import { hasSecondFactor } from '../../accounts/second-factor/factors.ts';
import {
  countRecoveryCodes,
  renewRecoveryCodes,
} from '../../accounts/second-factor/replace-recovery-codes.ts';
import { Refusal } from '../../errors.ts';
import { orFormAgain } from '../handle.ts';
import { html } from '../html.ts';
import { type Answer, type Page, page, problem } from '../layout.ts';
import { spaceCode } from '../recovery-code-text.ts';
import { requireLogin, type Visit } from '../visit.ts';
import { backToSecurity, requireProof } from './frame.ts';

export async function showRecoveryCodes(visit: Visit): Promise<Answer> {
  return await recoveryCodesPage(visit);
}

async function recoveryCodesPage(visit: Visit, wrong?: string): Promise<Page> {
  const { actor } = await requireProof(visit, 'factor:change');
  const db = visit.services.database.read;
  if (!(await hasSecondFactor(db, actor.accountId))) {
    throw new Refusal('factor_not_enrolled', 'recovery codes stand in for a second factor: add one first');
  }
  const left = await countRecoveryCodes(db, actor.accountId);
  return page({
    title: 'Recovery codes',
    body: html`${backToSecurity}<h1>Recovery codes</h1>
${problem(wrong)}
<p>${left} of your recovery codes ${left === 1 ? 'is' : 'are'} left. Each of them logs you in once, with your password, when you have
lost your second factor. Nothing can be published or changed for 72 hours after that.</p>
<p>New codes replace all of these.</p>
<form method="post" action="/-/web/security/recovery-codes">
${visit.csrf()}
<p><button>Make new codes</button></p>
</form>`,
  });
}

export async function renewCodes(visit: Visit): Promise<Answer> {
  const { requester } = requireLogin(visit);
  const work = async () => newCodesPage(await renewRecoveryCodes(visit.services, requester));
  return await orFormAgain(visit, work, (wrong) => recoveryCodesPage(visit, wrong));
}

/** The only time they are shown. */
export function newCodesPage(codes: readonly string[], done?: string): Page {
  const lines = codes.map(spaceCode).join('\n');
  return page({
    title: 'Your recovery codes',
    body: html`${done !== undefined && html`<p class="done" role="status">${done}</p>`}
<h1>Your recovery codes</h1>
<p>Print this page, or copy the codes into your password manager, now: <strong>they are not shown again.</strong></p>
<pre tabindex="0" aria-label="Recovery codes"><code>${lines}</code></pre>
<p>Each of them logs you in once, with your password, when you have lost your second factor. None of them publishes or
approves anything. Codes you had before do not work any more.</p>
<p><a class="button" href="/-/web/security">I have kept them</a></p>`,
  });
}

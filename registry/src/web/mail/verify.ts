import { confirmEmail, describeConfirmation } from '../../accounts/email-address.ts';
import { html } from '../html.ts';
import { type Answer, page } from '../layout.ts';
import type { Visit } from '../visit.ts';
import { linkSecret } from './link.ts';

/**
 * `/-/web/mail/verify/<secret>`: whoever opens it is asked once more, for scanners of mail open links too. It
 * takes no login: reading the mail is what is to be shown, and the account need not be this browser's.
 */
export async function showVerify(visit: Visit): Promise<Answer> {
  const { account, email } = await describeConfirmation(visit.services, linkSecret(visit));
  return page({
    title: 'Confirm an address',
    body: html`<h1>Confirm this address?</h1>
<p>The account <strong>${account}</strong> gave <strong>${email}</strong> as its address. If it is yours and the account too, confirm it; if not, close this page.</p>
<form method="post">
${visit.csrf()}
<p><button>Confirm the address</button></p>
</form>`,
  });
}

export async function verify(visit: Visit): Promise<Answer> {
  const { email } = await confirmEmail(visit.services, linkSecret(visit));
  return page({
    title: 'Address confirmed',
    body: html`<h1>Address confirmed</h1>
<p class="done" role="status">Mail about the account goes to ${email}.</p>
<p><a href="/-/web/account">To the account</a></p>`,
  });
}

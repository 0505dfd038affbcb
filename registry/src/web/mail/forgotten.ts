import { askForReset } from '../../accounts/reset-password.ts';
import { programOf } from '../../protocols/request.ts';
import { field } from '../form.ts';
import { orFormAgain } from '../handle.ts';
import { html } from '../html.ts';
import { type Answer, type Page, page, problem } from '../layout.ts';
import type { Visit } from '../visit.ts';

/** Asking for a link that sets a new password. The answer is the same whoever is asked for. */
export async function showForgotten(visit: Visit): Promise<Answer> {
  return forgottenPage(visit);
}

function forgottenPage(visit: Visit, wrong?: string): Page {
  return page({
    title: 'Forgotten password',
    body: html`<h1>Forgotten password</h1>
${problem(wrong)}
<form method="post" action="/-/web/password/forgotten">
${visit.csrf()}
<label for="who">User name or e-mail address</label>
<p class="hint" id="who-hint">A link goes to the address of the account, if it was confirmed.</p>
<input id="who" name="who" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="254" aria-describedby="who-hint">
<p><button>Send the link</button></p>
</form>`,
  });
}

export async function askForLink(visit: Visit): Promise<Answer> {
  const { services, request } = visit;
  const work = async () => {
    await askForReset(services, field(request, 'who').trim(), programOf(request));
    return page({
      title: 'Look at your mail',
      body: html`<h1>Look at your mail</h1>
<p class="done" role="status">If there is such an account and its address was confirmed, a link is on its way to it. It works once, within an hour.</p>
<p>No mail? There are five links a day for an account. The operator of this registry can help with the rest.</p>`,
    });
  };
  return await orFormAgain(visit, work, async (wrong) => forgottenPage(visit, wrong));
}

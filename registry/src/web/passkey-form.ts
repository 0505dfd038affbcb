import { beginAuthentication } from '../accounts/passkeys/authenticate.ts';
import type { AuthenticationPurpose } from '../accounts/passkeys/challenges.ts';
import { findRelyingParty } from '../accounts/passkeys/relying-party.ts';
import { findFactors } from '../accounts/second-factor/factors.ts';
import { Refusal } from '../errors.ts';
import { field } from './form.ts';
import { type Content, html } from './html.ts';
import type { Visit } from './visit.ts';

/** For pages with a passkey form. `static/passkeys.js` gives each of them its answer when its button is pressed. */
export const passkeyScripts = ['passkeys.js'];

export interface PasskeyQuestion {
  readonly purpose: AuthenticationPurpose;
  /** Left out for a login, where the passkey says who it is. */
  readonly accountId: number | undefined;
  readonly context: string;
  /** Where the answer is sent. */
  readonly action: string;
  readonly button: string;
  /** What else is sent along with the answer. */
  readonly fields?: Content;
}

/** Whether this registry can have passkeys, and this account has one. */
export async function canUsePasskey({ services }: Visit, accountId: number): Promise<boolean> {
  if (findRelyingParty(services.settings) === undefined) return false;
  return (await findFactors(services.database.read, accountId)).passkeys > 0;
}

/**
 * A form whose only button asks the browser for a passkey, and which is sent with the answer. Everything the
 * browser must know is in `data-options`, so that the page needs no other request.
 */
export async function passkeyForm(visit: Visit, question: PasskeyQuestion): Promise<Content> {
  const { purpose, accountId, context, action, button, fields } = question;
  const options = await beginAuthentication(visit.services, { purpose, accountId, context });
  return html`<form method="post" action="${action}" data-passkey="get" data-options="${JSON.stringify(options)}">
${visit.csrf()}
${fields}
<input type="hidden" name="response">
<button>${button}</button>
<p class="problem" role="alert" hidden></p>
<noscript><p class="hint">A passkey needs JavaScript, for this page alone.</p></noscript>
</form>`;
}

/** The browser's answer, not yet looked at. Throws `bad_request`. */
export function passkeyAnswer({ request }: Visit): unknown {
  const text = field(request, 'response');
  try {
    return JSON.parse(text);
  } catch {
    // Below: what was sent is nothing to repeat.
  }
  throw new Refusal('bad_request', 'the browser gave no answer for a passkey');
}

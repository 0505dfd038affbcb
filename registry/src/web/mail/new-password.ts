import { Refusal } from '../../errors.ts';
import { field } from '../form.ts';
import { type Content, html } from '../html.ts';
import type { Visit } from '../visit.ts';

/** A new password, twice. `id` tells the fields of two forms on one page apart. */
export function newPasswordFields(
  { account, shortest }: { readonly account: string; readonly shortest: 8 | 15 },
  id = 'new',
): Content {
  return html`<label for="${id}-name">User name</label>
<input id="${id}-name" autocomplete="username" value="${account}" readonly>
<label for="${id}-password">New password</label>
<p class="hint" id="${id}-hint">At least ${shortest} characters: a sentence, or better what a password manager makes.</p>
<input id="${id}-password" name="new" type="password" autocomplete="new-password" required minlength="${shortest}" maxlength="256" aria-describedby="${id}-hint">
<label for="${id}-again">New password, once more</label>
<input id="${id}-again" name="again" type="password" autocomplete="new-password" required minlength="${shortest}" maxlength="256">`;
}

/** Throws `bad_request` where the two differ. */
export function newPassword({ request }: Visit): string {
  const password = field(request, 'new');
  if (password !== field(request, 'again')) throw new Refusal('bad_request', 'the two passwords differ');
  return password;
}

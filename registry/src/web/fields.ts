import { type Content, html } from './html.ts';
import { home } from './return-path.ts';

/** Where a form leads once it succeeded. Checked again when it comes back. */
export function returnField(back: string): Content {
  return back !== home && html`<input type="hidden" name="return" value="${back}">`;
}

/** For a one-time password; long enough for a recovery code with spaces. */
export function codeField(label: string): Content {
  return html`<label for="code">${label}</label>
<input id="code" name="code" class="code" inputmode="numeric" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" required maxlength="64">`;
}

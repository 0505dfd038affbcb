import { type Html, html } from '../html.ts';

export function passwordField(label: string): Html {
  return html`<label for="password">${label}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256">`;
}

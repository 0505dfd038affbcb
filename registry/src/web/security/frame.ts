import { html } from '../html.ts';

export const backToSecurity = html`<p class="soft"><a href="/-/web/security">Security</a></p>`;

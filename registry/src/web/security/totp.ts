import { checkPassword } from '../../accounts/check-password.ts';
import {
  beginEnrolment,
  confirmEnrolment,
  findPendingEnrolment,
} from '../../accounts/second-factor/enrolment.ts';
import { type FactorMode, findFactors } from '../../accounts/second-factor/factors.ts';
import { disableFactor } from '../../accounts/second-factor/removal.ts';
import { Refusal } from '../../errors.ts';
import { codeField } from '../fields.ts';
import { field } from '../form.ts';
import { orFormAgain } from '../handle.ts';
import { type Content, html } from '../html.ts';
import { type Answer, type Page, page, problem, redirect } from '../layout.ts';
import { requireLogin, type Visit } from '../visit.ts';
import { backToSecurity, requireProof } from './frame.ts';
import { passwordField } from './password-field.ts';
import { qrCode } from './qr-code.ts';
import { newCodesPage } from './recovery-codes.ts';

/** The authenticator app: adding it in two steps, when it is asked for, removing it. */
export async function showTotp(visit: Visit): Promise<Answer> {
  return await totpPage(visit);
}

async function totpPage(visit: Visit, wrong?: string): Promise<Page> {
  const { requester, actor } = await requireProof(visit, 'factor:change');
  const { totp, passkeys } = await findFactors(visit.services.database.read, actor.accountId);
  const pending = totp === undefined ? await findPendingEnrolment(visit.services, requester) : undefined;
  const content =
    totp !== undefined
      ? activeForms(visit, totp.mode, passkeys === 0)
      : pending === undefined
        ? beginForm(visit)
        : confirmForm(visit, pending);
  return page({
    title: 'Authenticator app',
    body: html`${backToSecurity}<h1>Authenticator app</h1>${problem(wrong)}${content}`,
  });
}

function beginForm(visit: Visit): Content {
  return html`<p>An app on your phone, or your password manager, shows a code of six digits that changes every 30 seconds.</p>
<form method="post" action="/-/web/security/totp/begin">
${visit.csrf()}${modeFields('auth-and-writes')}
<p><button>Add an authenticator app</button></p>
</form>`;
}

function modeFields(current: FactorMode): Content {
  return html`<fieldset><legend>When the code is asked for</legend>
${modes.map(
  ({ mode, label }) =>
    html`<p><input type="radio" id="${mode}" name="mode" value="${mode}"${mode === current && html` checked`}> <label class="inline" for="${mode}">${label}</label></p>`,
)}
</fieldset>`;
}

const modes: readonly { readonly mode: FactorMode; readonly label: string }[] = [
  { mode: 'auth-and-writes', label: 'At every login, and for every release and change (recommended)' },
  { mode: 'auth-only', label: 'At every login, and for changes of accounts, owners and policy' },
];

function confirmForm(visit: Visit, { uri, seed }: { readonly uri: string; readonly seed: string }): Content {
  const key = seed.replaceAll(/(.{4})(?=.)/g, '$1 ');
  return html`<ol>
<li><p>Scan this with your authenticator app, or enter the key.</p>
${qrCode(uri, 'QR code that holds the key below')}
<p>Key: <code>${key}</code></p></li>
<li><form method="post" action="/-/web/security/totp/confirm">
${visit.csrf()}
${codeField('The code it shows now')}
<p><button>Confirm</button></p>
</form></li>
</ol>
<form method="post" action="/-/web/security/totp/begin">
${visit.csrf()}<input type="hidden" name="mode" value="auth-and-writes">
<p><button class="plain">Begin again with another key</button></p>
</form>`;
}

function activeForms(visit: Visit, mode: FactorMode, last: boolean): Content {
  return html`<form method="post" action="/-/web/security/totp/mode">
${visit.csrf()}${modeFields(mode)}
<p><button class="second">Change this</button></p>
</form>
<h2>Remove it</h2>
${last && html`<p class="notice">It is your only second factor. Your recovery codes go with it, and your password has to be at least 15 characters long.</p>`}
<form method="post" action="/-/web/security/totp/remove">
${visit.csrf()}${passwordField('Your password')}
<p><button class="danger">Remove the authenticator app</button></p>
</form>`;
}

function modeIn(visit: Visit): FactorMode {
  const mode = field(visit.request, 'mode');
  if (mode === 'auth-only' || mode === 'auth-and-writes') return mode;
  throw new Refusal('bad_request', 'say when the code is to be asked for');
}

/** Sent where an app is there already, it changes when its code is asked for: with the same proof. */
export async function beginTotp(visit: Visit): Promise<Answer> {
  const { requester } = requireLogin(visit);
  const work = async () => {
    await beginEnrolment(visit.services, requester, modeIn(visit));
    return redirect('/-/web/security/totp');
  };
  return await orFormAgain(visit, work, (wrong) => totpPage(visit, wrong));
}

export async function confirmTotp(visit: Visit): Promise<Answer> {
  const { requester } = requireLogin(visit);
  const code = field(visit.request, 'code').trim().slice(0, 64);
  const work = async () =>
    newCodesPage(
      await confirmEnrolment(visit.services, requester, code),
      'Your authenticator app is your second factor now.',
    );
  return await orFormAgain(visit, work, (wrong) => totpPage(visit, wrong));
}

export async function removeTotp(visit: Visit): Promise<Answer> {
  const { services, request } = visit;
  const { requester, actor } = requireLogin(visit);
  const work = async () => {
    const password = field(request, 'password');
    await checkPassword(services, { name: actor.name, password, address: request.ip });
    await disableFactor(services, requester, password);
    return redirect('/-/web/security');
  };
  return await orFormAgain(visit, work, (wrong) => totpPage(visit, wrong));
}

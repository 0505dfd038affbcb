import { checkPassword } from '../../accounts/check-password.ts';
import {
  listPasskeys,
  type PasskeySummary,
  removePasskey,
  renamePasskey,
} from '../../accounts/passkeys/passkeys.ts';
import { beginRegistration, finishRegistration } from '../../accounts/passkeys/register.ts';
import { findFactors } from '../../accounts/second-factor/factors.ts';
import { Refusal } from '../../errors.ts';
import { parameter } from '../../protocols/request.ts';
import { field } from '../form.ts';
import { orFormAgain } from '../handle.ts';
import { type Content, html } from '../html.ts';
import { type Answer, type Page, page, problem, redirect } from '../layout.ts';
import { passkeyAnswer, passkeyScripts } from '../passkey-form.ts';
import { time } from '../time.ts';
import { requireLogin, type Visit } from '../visit.ts';
import { backToSecurity, requireProof } from './frame.ts';
import { passwordField } from './password-field.ts';
import { newCodesPage } from './recovery-codes.ts';

const listPath = '/-/web/security/passkeys';

/** Passkeys of an account: a page for the list, one to add one, one for each of them. */
export async function showPasskeys(visit: Visit): Promise<Answer> {
  const { actor } = requireLogin(visit);
  const passkeys = await listPasskeys(visit.services.database.read, actor.accountId);
  return page({
    title: 'Passkeys',
    body: html`${backToSecurity}<h1>Passkeys</h1>
<p>A passkey is kept by your device, your password manager or a security key. It works at this address only, so it cannot be phished.</p>
${passkeys.length === 1 && html`<p class="notice">You have one passkey. Add a second one, on another device or key, so that losing one does not lock you out.</p>`}
${passkeys.length === 0 ? html`<p>You have none yet.</p>` : html`<ul class="plain">${passkeys.map(entry)}</ul>`}
<p><a class="button" href="${listPath}/add">Add a passkey</a></p>`,
  });
}

function entry({ id, name, synced, createdAt, lastUsedAt }: PasskeySummary): Content {
  const used = lastUsedAt === undefined ? 'never used' : html`last used ${time(lastUsedAt)}`;
  return html`<li><a href="${listPath}/${id}">${name}</a><br>
<small>${synced ? 'synced between devices' : 'on one device'}, added ${time(createdAt)}, ${used}</small></li>`;
}

export async function showAddPasskey(visit: Visit): Promise<Answer> {
  return await addPage(visit);
}

async function addPage(visit: Visit, wrong?: string): Promise<Page> {
  const { requester } = requireLogin(visit);
  const form = addForm(visit, await beginRegistration(visit.services, requester));
  return page({
    title: 'Add a passkey',
    scripts: passkeyScripts,
    body: html`<p class="soft"><a href="${listPath}">Passkeys</a></p><h1>Add a passkey</h1>${problem(wrong)}${form}`,
  });
}

function addForm(visit: Visit, options: object): Content {
  return html`<form method="post" action="${listPath}/add" data-passkey="create" data-options="${JSON.stringify(options)}">
${visit.csrf()}
<label for="name">Name</label>
<p class="hint" id="name-hint">So that you know it again: "laptop", "blue security key".</p>
<input id="name" name="name" required maxlength="60" aria-describedby="name-hint" autocomplete="off" value="${field(visit.request, 'name').slice(0, 60)}">
<input type="hidden" name="response">
<p><button>Add a passkey</button></p>
<p class="problem" role="alert" hidden></p>
<noscript><p class="hint">A passkey needs JavaScript, for this page alone.</p></noscript>
</form>`;
}

export async function addPasskey(visit: Visit): Promise<Answer> {
  const { requester } = requireLogin(visit);
  const work = async () => {
    const finish = { name: field(visit.request, 'name'), response: passkeyAnswer(visit) };
    const { recoveryCodes } = await finishRegistration(visit.services, requester, finish);
    if (recoveryCodes === undefined) return redirect(listPath);
    return newCodesPage(recoveryCodes, 'Your passkey is your second factor now.');
  };
  return await orFormAgain(visit, work, (wrong) => addPage(visit, wrong));
}

export async function showPasskey(visit: Visit): Promise<Answer> {
  return await passkeyPage(visit);
}

async function passkeyPage(visit: Visit, wrong?: string): Promise<Page> {
  const { actor } = await requireProof(visit, 'factor:change');
  const db = visit.services.database.read;
  const id = parameter(visit.request, 'id');
  const passkey = (await listPasskeys(db, actor.accountId)).find((one) => one.id === id);
  if (passkey === undefined) throw new Refusal('not_found', 'there is no such passkey');
  const { totp, passkeys } = await findFactors(db, actor.accountId);
  const last = totp === undefined && passkeys === 1;
  return page({
    title: passkey.name,
    body: html`<p class="soft"><a href="${listPath}">Passkeys</a></p><h1>${passkey.name}</h1>
${problem(wrong)}
<form method="post" action="${listPath}/${id}/rename">
${visit.csrf()}
<label for="name">Name</label>
<input id="name" name="name" required maxlength="60" autocomplete="off" value="${passkey.name}">
<p><button class="second">Rename it</button></p>
</form>
<h2>Remove it</h2>
${last && html`<p class="notice">It is your only second factor. Your recovery codes go with it, and your password has to be at least 15 characters long.</p>`}
<form method="post" action="${listPath}/${id}/remove">
${visit.csrf()}${last && passwordField('Your password')}
<p><button class="danger">Remove the passkey</button></p>
</form>`,
  });
}

export async function rename(visit: Visit): Promise<Answer> {
  const { requester } = requireLogin(visit);
  const work = async () => {
    const passkey = { id: parameter(visit.request, 'id'), name: field(visit.request, 'name') };
    await renamePasskey(visit.services, requester, passkey);
    return redirect(listPath);
  };
  return await orFormAgain(visit, work, (wrong) => passkeyPage(visit, wrong));
}

export async function remove(visit: Visit): Promise<Answer> {
  const { services, request } = visit;
  const { requester, actor } = requireLogin(visit);
  const work = async () => {
    const password = field(request, 'password') || undefined;
    if (password !== undefined) {
      await checkPassword(services, { name: actor.name, password, address: request.ip });
    }
    await removePasskey(services, requester, { id: parameter(request, 'id'), password });
    return redirect(listPath);
  };
  return await orFormAgain(visit, work, (wrong) => passkeyPage(visit, wrong));
}

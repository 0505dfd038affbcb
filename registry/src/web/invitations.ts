import { Refusal } from '../errors.ts';
import { acceptInvitation, declineInvitation } from '../packages/answer-invitation.ts';
import { acceptTransfer, declineTransfer } from '../packages/answer-transfer.ts';
import { type Invitation, listInvitations } from '../packages/invitations.ts';
import { listTransfers, type OpenTransfer } from '../packages/transfers.ts';
import { field } from './form.ts';
import { orFormAgain } from './handle.ts';
import { type Content, html } from './html.ts';
import { type Answer, type Page, page, problem, redirect } from './layout.ts';
import { time } from './time.ts';
import { requireLogin, type Visit } from './visit.ts';

export const invitationsPath = '/-/web/invitations';

/** What waits for a yes of the account: roles in packages, and packages and scopes that would be its own. */
export async function showInvitations(visit: Visit): Promise<Page> {
  return await invitationsPage(visit);
}

async function invitationsPage(visit: Visit, wrong?: string): Promise<Page> {
  const { actor } = requireLogin(visit);
  const db = visit.services.database.read;
  const now = visit.services.clock();
  const invitations = await listInvitations(db, { accountId: actor.accountId }, now);
  const transfers = await listTransfers(db, actor, now);
  const entries = [
    ...invitations.map((one) => invitationEntry(visit, one)),
    ...transfers.map((one) => transferEntry(visit, one)),
  ];
  return page({
    title: 'Invitations',
    body: html`<h1>Invitations</h1>
${problem(wrong)}
<p>Nothing changes until you accept. To decline, or to do nothing, is always safe.</p>
${entries.length === 0 ? html`<p class="soft">Nothing waits for your answer.</p>` : html`<ul class="plain">${entries}</ul>`}`,
  });
}

function invitationEntry(visit: Visit, invitation: Invitation): Content {
  const { id, package: name, role, invitedBy, expiresAt } = invitation;
  const may = role === 'owner' ? 'you may do everything with it' : 'you may publish it';
  return html`<li><strong>${name}</strong>: ${invitedBy} invites you to be ${role === 'owner' ? 'an owner' : 'a maintainer'}, so that ${may}<br>
<small>open until ${time(expiresAt)}</small>
${answerForms(visit, { kind: 'invitation', id, name })}</li>`;
}

function transferEntry(visit: Visit, transfer: OpenTransfer): Content {
  const { id, scope, to, offeredBy, expiresAt } = transfer;
  const name = scope ?? transfer.package ?? '';
  const thing = scope === null ? 'the package' : 'the scope, with all its packages';
  return html`<li><strong>${name}</strong>: ${offeredBy} offers ${thing}, to ${to}<br>
<small>open until ${time(expiresAt)}</small>
${answerForms(visit, { kind: 'transfer', id, name })}</li>`;
}

interface Waiting {
  readonly kind: 'invitation' | 'transfer';
  readonly id: number;
  readonly name: string;
}

function answerForms(visit: Visit, { kind, id, name }: Waiting): Content {
  const form = (
    answer: string,
    label: string,
    style: string,
  ) => html`<form method="post" action="${invitationsPath}">
${visit.csrf()}<input type="hidden" name="kind" value="${kind}"><input type="hidden" name="id" value="${id}"><input type="hidden" name="answer" value="${answer}">
<button class="${style}">${label} ${name}</button>
</form>`;
  return html`${form('accept', 'Accept', '')}${form('decline', 'Decline', 'second')}`;
}

const answers = {
  'invitation accept': acceptInvitation,
  'invitation decline': declineInvitation,
  'transfer accept': acceptTransfer,
  'transfer decline': declineTransfer,
} as const;

export async function answerInvitation(visit: Visit): Promise<Answer> {
  const { services, request } = visit;
  const { requester } = requireLogin(visit);
  const work = async () => {
    const asked = `${field(request, 'kind')} ${field(request, 'answer')}`;
    const id = field(request, 'id');
    if (!Object.hasOwn(answers, asked) || !/^\d{1,15}$/.test(id)) {
      throw new Refusal('bad_request', 'this form names no invitation');
    }
    await answers[asked as keyof typeof answers](services, requester, Number(id));
    return redirect(invitationsPath);
  };
  return await orFormAgain(visit, work, (wrong) => invitationsPage(visit, wrong));
}

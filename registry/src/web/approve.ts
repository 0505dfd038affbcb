import type { Approval } from '../accounts/approvals.ts';
import {
  approvalContext,
  approveWithCode,
  approveWithPasskey,
  approveWithPassword,
  denyApproval,
  getOpenApproval,
  isAsked,
} from '../accounts/decide-approval.ts';
import { findFactors } from '../accounts/second-factor/factors.ts';
import { parameter } from '../protocols/request.ts';
import { describeRequest } from './describe-act.ts';
import { codeField } from './fields.ts';
import { field } from './form.ts';
import { orFormAgain } from './handle.ts';
import { type Content, html } from './html.ts';
import { type Answer, type Page, page, problem } from './layout.ts';
import { canUsePasskey, passkeyAnswer, passkeyForm, passkeyScripts } from './passkey-form.ts';
import { requireLogin, type Visit } from './visit.ts';

/**
 * `/-/web/approve/<capability>`: shows exactly what a program asks for, and takes a factor for this alone. The
 * address leads nowhere without the session of the account that asked, and that account's factor.
 */
export async function showApproval(visit: Visit): Promise<Answer> {
  const { actor } = requireLogin(visit);
  const { services } = visit;
  const approval = await getOpenApproval(services, services.database.read, capability(visit));
  return isAsked(approval, actor) ? await approvalPage(visit, approval) : otherAccountPage(visit);
}

function capability({ request }: Visit): string {
  return parameter(request, 'page').slice(0, 100);
}

function pathOf(visit: Visit): string {
  return `/-/web/approve/${encodeURIComponent(capability(visit))}`;
}

function otherAccountPage(visit: Visit): Page {
  const { actor } = requireLogin(visit);
  return page({
    title: 'Another account asked',
    status: 403,
    body: html`<h1>Another account asked for this</h1>
<p>You are logged in as <strong>${actor.name}</strong>, and this request was made by a program of another account. Only that account can approve it.</p>
<p>If both accounts are yours, log out and open the address again. If you did not start anything, close this page: somebody may have sent you the address so that you approve what they do.</p>
<form method="post" action="/-/web/log-out">${visit.csrf()}<button>Log out</button></form>`,
  });
}

async function approvalPage(visit: Visit, approval: Approval, wrong?: string): Promise<Page> {
  const passkey = await canUsePasskey(visit, requireLogin(visit).actor.accountId);
  const { heading, warning, facts } = describeRequest(approval, requireLogin(visit).actor.name);
  return page({
    title: heading,
    scripts: passkey ? passkeyScripts : [],
    body: html`<h1>${heading}?</h1>
${problem(wrong)}
<p class="notice">${warning}</p>
<dl class="facts">${facts}</dl>
<h2>Approve</h2>
${await approveForms(visit, approval, passkey)}
<h2>Or not</h2>
<form method="post" action="${pathOf(visit)}/deny">${visit.csrf()}<button class="danger">Deny</button></form>`,
  });
}

async function approveForms(visit: Visit, approval: Approval, passkey: boolean): Promise<Content> {
  const { accountId } = requireLogin(visit).actor;
  const { totp, mode } = await findFactors(visit.services.database.read, accountId);
  const question = {
    purpose: 'approve',
    accountId,
    context: approvalContext(approval),
    action: `${pathOf(visit)}/passkey`,
    button: 'Approve with a passkey',
  } as const;
  const byPassword = mode === undefined && approval.kind === 'login';
  const asked =
    totp === undefined ? byPassword && passwordField() : codeField('Code from your authenticator app');
  const form =
    asked &&
    html`<form method="post" action="${pathOf(visit)}">
${visit.csrf()}
${asked}
<p><button>Approve</button></p>
</form>`;
  if (!passkey && !form) {
    return html`<p>Approving takes a second factor that this account can use here, and it has none: see <a href="/-/web/security">its security page</a>.</p>`;
  }
  return html`${passkey && (await passkeyForm(visit, question))}${form}`;
}

function passwordField(): Content {
  return html`<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256">`;
}

export async function approve(visit: Visit): Promise<Answer> {
  const { services, request } = visit;
  const code = field(request, 'code').trim().slice(0, 64);
  const password = field(request, 'password');
  return await decide(visit, (decider) =>
    code === ''
      ? approveWithPassword(services, decider, { password, address: request.ip })
      : approveWithCode(services, decider, { code, receivedAt: request.receivedAt }),
  );
}

export async function approveByPasskey(visit: Visit): Promise<Answer> {
  return await decide(visit, (decider) => approveWithPasskey(visit.services, decider, passkeyAnswer(visit)));
}

type Approve = (decider: Parameters<typeof denyApproval>[1]) => Promise<Approval>;

async function decide(visit: Visit, work: Approve): Promise<Answer> {
  const { actor } = requireLogin(visit);
  const { services } = visit;
  const pageCapability = capability(visit);
  // Nothing to show again where the request is over, or somebody else's.
  const approval = await getOpenApproval(services, services.database.read, pageCapability);
  if (!isAsked(approval, actor)) return otherAccountPage(visit);
  const grant = async () => {
    await work({ actor, page: pageCapability });
    return resultPage('Approved', 'The program goes on by itself. You can close this page.');
  };
  return await orFormAgain(visit, grant, async (wrong) => {
    await getOpenApproval(services, services.database.read, pageCapability);
    return await approvalPage(visit, approval, wrong);
  });
}

export async function denyRequest(visit: Visit): Promise<Answer> {
  const { actor } = requireLogin(visit);
  await denyApproval(visit.services, { actor, page: capability(visit) });
  return resultPage(
    'Denied',
    'Nothing was done. If you did not start this yourself, somebody has a token or a link of yours: look at your sessions and tokens.',
    html`<p><a href="/-/web/security">Go to the security page</a></p>`,
  );
}

function resultPage(title: string, text: string, more?: Content): Page {
  return page({ title, body: html`<h1>${title}</h1><p class="done" role="status">${text}</p>${more}` });
}

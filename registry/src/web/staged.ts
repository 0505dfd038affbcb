import { findFactors } from '../accounts/second-factor/factors.ts';
import { proveByCode, proveByPasskey } from '../accounts/second-factor/prove-here.ts';
import { parameter } from '../protocols/request.ts';
import type { ArchivedFile } from '../releases/archive/read-archive.ts';
import { decideStaged, type Prove } from '../releases/decide-staged.ts';
import { listFiles } from '../releases/list-files.ts';
import { getStaged, type StagedRelease } from '../releases/staged.ts';
import { digest, fact } from './describe-act.ts';
import { codeField } from './fields.ts';
import { field } from './form.ts';
import { orFormAgain } from './handle.ts';
import { type Content, html } from './html.ts';
import { type Answer, type Page, page, problem } from './layout.ts';
import { packagePath } from './package-list.ts';
import { canUsePasskey, passkeyAnswer, passkeyForm, passkeyScripts } from './passkey-form.ts';
import { time } from './time.ts';
import { requireLogin, type Visit } from './visit.ts';

/**
 * `/-/web/staged/<id>`: what was handed in, file by file, for the people of its package. It is approved here with
 * a factor that is given for these bytes there and then; an earlier confirmation does not do.
 */
export async function showStaged(visit: Visit): Promise<Page> {
  return await stagedPage(visit, await find(visit));
}

/** More is read in the archive itself. */
const mostFiles = 1_000;

async function find(visit: Visit): Promise<StagedRelease> {
  return await getStaged(visit.services.database.read, requireLogin(visit).actor, idOf(visit));
}

function idOf({ request }: Visit): string {
  return parameter(request, 'id').slice(0, 100);
}

async function stagedPage(visit: Visit, staged: StagedRelease, wrong?: string): Promise<Page> {
  const { package: record, version, state, sha256 } = staged;
  const waits = state === 'staged';
  const passkey = waits && (await canUsePasskey(visit, requireLogin(visit).actor.accountId));
  const title = `${record.name} ${version}`;
  return page({
    title,
    scripts: passkey ? passkeyScripts : [],
    body: html`<h1>${waits ? html`Publish ${title}?` : title}</h1>
${problem(wrong)}
${waits ? html`<p class="notice">This release waits, and nobody but the people of its package sees it. Approve it only if you know who handed it in and why, and the digest is that of what they built. Its number stays taken, whatever you decide.</p>` : decided(staged)}
<dl class="facts">${factsOf(staged)}</dl>
<h2>Files</h2>
${fileTable(await listFiles(visit.services, sha256))}
${waits && (await decisionForms(visit, staged, passkey))}`,
  });
}

function decided({ state, decidedAt, decidedBy }: StagedRelease): Content {
  return html`<p class="done" role="status">This release was ${state}${decidedBy !== null && html` by ${decidedBy}`}${decidedAt !== null && html`, ${time(decidedAt)}`}.</p>`;
}

function factsOf(staged: StagedRelease): Content {
  const { package: record, version, tag, sha256, size, stagedBy, stagedAt, agent, address, token } = staged;
  return html`${fact('Package', html`<a href="${packagePath(record)}"><strong>${record.name}</strong></a>`)}
${fact('Version', html`<strong>${version}</strong>`)}
${fact('Tag', tag)}
${fact('Access', record.access)}
${fact('SHA-256 of the archive', digest(sha256))}
${fact('Size', `${size} bytes`)}
${fact('Handed in by', html`<strong>${stagedBy}</strong>, ${time(stagedAt)}`)}
${token !== null && fact('With the token', html`<bdi>${token}</bdi>${staged.tokenRevoked && ' (revoked since)'}`)}
${fact('Program', html`<bdi>${agent}</bdi> <small>in its own words</small>`)}
${fact('From', html`<code>${address}</code>`)}`;
}

function fileTable(files: readonly ArchivedFile[]): Content {
  const left = files.length - mostFiles;
  const rows = files
    .slice(0, mostFiles)
    .map(({ path, size }) => html`<tr><th scope="row"><bdi>${path}</bdi></th><td>${size}</td></tr>\n`);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Files"><table>
<thead><tr><th scope="col">Path</th><th scope="col">Bytes</th></tr></thead>
<tbody>${rows}</tbody>
</table></div>${left > 0 && html`<p class="soft">And ${left} more: download the archive to see them.</p>`}`;
}

async function decisionForms(visit: Visit, staged: StagedRelease, passkey: boolean): Promise<Content> {
  const path = `/-/web/staged/${staged.stageId}`;
  return html`<h2>Approve</h2>
${await approveForms(visit, staged, { path, passkey })}
<h2>Or not</h2>
<form method="post" action="${path}/reject">${visit.csrf()}<button class="danger">Reject</button></form>`;
}

async function approveForms(
  visit: Visit,
  { stageId }: StagedRelease,
  { path, passkey }: { readonly path: string; readonly passkey: boolean },
): Promise<Content> {
  const { accountId } = requireLogin(visit).actor;
  const { totp } = await findFactors(visit.services.database.read, accountId);
  if (totp === undefined && !passkey)
    return html`<p>Approving takes a second factor that this account can use here, and it has none: see <a href="/-/web/security">its security page</a>.</p>`;
  const question = { purpose: 'approve', accountId, context: contextOf(stageId) } as const;
  const asked = { ...question, action: `${path}/passkey`, button: 'Approve with a passkey' };
  return html`${passkey && (await passkeyForm(visit, asked))}
${
  totp !== undefined &&
  html`<form method="post" action="${path}/approve">
${visit.csrf()}
${codeField('Code from your authenticator app')}
<p><button>Approve</button></p>
</form>`
}`;
}

/** What a passkey is asked for here. */
function contextOf(stageId: string): string {
  return `stage:${stageId}`;
}

export async function approveStaged(visit: Visit): Promise<Answer> {
  const { services, request } = visit;
  const { actor } = requireLogin(visit);
  const code = field(request, 'code').trim().slice(0, 64);
  return await approve(visit, proveByCode(services, actor, { code, receivedAt: request.receivedAt }));
}

export async function approveStagedByPasskey(visit: Visit): Promise<Answer> {
  const { actor } = requireLogin(visit);
  const prove: Prove = (demand) => {
    const answer = { context: contextOf(idOf(visit)), response: passkeyAnswer(visit) };
    return proveByPasskey(visit.services, actor, answer)(demand);
  };
  return await approve(visit, prove);
}

async function approve(visit: Visit, prove: Prove): Promise<Answer> {
  const { requester } = requireLogin(visit);
  const staged = await find(visit);
  const work = async () => {
    await decideStaged(visit.services, requester, { stageId: staged.stageId, decision: 'approve', prove });
    return resultPage(
      staged,
      'Published',
      'It is public from now on, and the owners of the package get a mail.',
    );
  };
  return await orFormAgain(visit, work, async (wrong) => await stagedPage(visit, await find(visit), wrong));
}

/** Takes what publishing takes of a browser session: that its person confirmed who they are a moment ago. */
export async function rejectStaged(visit: Visit): Promise<Answer> {
  const { requester } = requireLogin(visit);
  const staged = await find(visit);
  const work = async () => {
    await decideStaged(visit.services, requester, { stageId: staged.stageId, decision: 'reject' });
    return resultPage(staged, 'Rejected', 'Nobody gets to see it, and its version number is not used again.');
  };
  return await orFormAgain(visit, work, async (wrong) => await stagedPage(visit, await find(visit), wrong));
}

function resultPage({ package: record, version }: StagedRelease, title: string, text: string): Page {
  return page({
    title,
    body: html`<h1>${title}</h1>
<p class="done" role="status">${record.name} ${version}: ${text}</p>
<p><a href="${packagePath(record)}">Go to the package</a></p>`,
  });
}

import type { Context } from '../context.ts';
import type { Credential } from '../credentials/provider.ts';
import type { PublishOutcome, PublishPlan } from '../ecosystems/registry.ts';
import type { Json } from '../json.ts';
import { archiveAsJson, countFiles, fileSummary, formatBytes } from './describe-archive.ts';
import type { Packed } from './prepare-release.ts';

type ReportContext = Pick<Context, 'terminal'>;

/** Everything that is settled before the archive is sent. */
export interface Release extends Packed {
  /** `undefined` where nobody is logged in: a dry run does without. */
  readonly plan: PublishPlan | undefined;
  readonly decision: 'accept' | 'published' | undefined;
}

/** Shown before anything is asked or sent. */
export function showRelease({ terminal }: ReportContext, release: Release): void {
  const { connection, login, request, plan } = release;
  const { archive, tag, access } = request;
  terminal.note(fileSummary(archive));
  terminal.fields([
    ['files', countFiles(archive)],
    ['size', `${formatBytes(archive.size)} (${formatBytes(archive.unpackedSize)} unpacked)`],
    ['sha256', archive.digests.sha256],
    ...(tag === undefined ? [] : ([['tag', tag]] as const)),
    ...(access === undefined ? [] : ([['access', access]] as const)),
    ['registry', connection.registry.displayUrl],
    ['account', accountOf(login.credential, plan)],
  ]);
}

export function accountOf(credential: Credential | undefined, plan: PublishPlan | undefined): string {
  if (credential === undefined) return 'not logged in';
  const account = plan?.account ?? credential.account;
  return account === undefined ? `the token of ${credential.source}` : `${account} (${credential.source})`;
}

/** Without an outcome exactly this was public before. */
export function reportPublished(
  { terminal }: ReportContext,
  release: Release,
  outcome: PublishOutcome | undefined,
): void {
  const { archive, tag } = release.request;
  const { name, version } = archive;
  if (outcome === undefined) {
    const tags = tag === undefined ? '' : `, and the tag ${tag} was not moved`;
    terminal.note(`Exactly this archive was published before: nothing was sent${tags}.`);
  }
  const staged = outcome?.state === 'staged';
  const json = { dryRun: false, alreadyPublished: outcome === undefined, ...outcomeAsJson(outcome) };
  terminal.result(
    { ...releaseAsJson(release), ...json },
    staged ? `${outcome.stageId}` : `+ ${name}@${version}`,
  );
}

/** One line, and for what waits where it is decided. */
export function sayOutcome(
  { terminal }: ReportContext,
  { connection, request }: Release,
  { state, stageId, pageUrl }: PublishOutcome,
): void {
  const { name, version } = request.archive;
  const where = connection.registry.displayUrl;
  if (state === 'published') {
    terminal.status('Published', `${name}@${version} to ${where}`);
    return;
  }
  terminal.status('Staged', `${name}@${version} at ${where}: it is not public yet`);
  const there = pageUrl === undefined ? '' : `, or at ${pageUrl}`;
  terminal.note(`An owner approves it with \`pub stage approve ${stageId}\`${there}.`);
}

export function outcomeAsJson(outcome: PublishOutcome | undefined): { readonly [key: string]: Json } {
  if (outcome?.state !== 'staged') return { state: 'published' };
  return { state: 'staged', stageId: outcome.stageId ?? null, pageUrl: outcome.pageUrl ?? null };
}

export function reportDryRun({ terminal }: ReportContext, release: Release): void {
  const { name, version } = release.request.archive;
  if (release.plan === undefined)
    terminal.note('Not logged in: the registry was not asked whether it would accept this.');
  terminal.status('Checked', `${name}@${version}: a dry run, nothing was sent`);
  const alreadyPublished = release.decision === 'published';
  terminal.result({ ...releaseAsJson(release), dryRun: true, alreadyPublished, state: null }, '');
}

export function releaseAsJson({ connection, request, plan }: Release): { readonly [key: string]: Json } {
  return {
    ...archiveAsJson(request.archive),
    tag: request.tag ?? null,
    access: request.access ?? null,
    registry: connection.registry.displayUrl,
    account: plan?.account ?? null,
  };
}

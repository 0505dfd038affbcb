import type { Context } from '../context.ts';
import type { Credential } from '../credentials/provider.ts';
import type { PublishPlan, PublishRequest } from '../ecosystems/registry.ts';
import type { Json } from '../json.ts';
import type { Connection } from './connection.ts';
import { archiveAsJson, countFiles, fileSummary, formatBytes } from './describe-archive.ts';

type ReportContext = Pick<Context, 'terminal'>;

/** Everything that is settled before the archive is sent. */
export interface Release {
  readonly connection: Connection;
  readonly credential: Credential | undefined;
  readonly request: PublishRequest;
  readonly plan: PublishPlan | undefined;
}

/** Shown before anything is asked or sent. */
export function showRelease({ terminal }: ReportContext, release: Release): void {
  const { connection, credential, request, plan } = release;
  const { archive, tag, access } = request;
  terminal.note(fileSummary(archive));
  terminal.fields([
    ['files', countFiles(archive)],
    ['size', `${formatBytes(archive.size)} (${formatBytes(archive.unpackedSize)} unpacked)`],
    ['sha256', archive.digests.sha256],
    ['tag', tag],
    ...(access === undefined ? [] : ([['access', access]] as const)),
    ['registry', connection.registry.displayUrl],
    ['account', accountOf(credential, plan)],
  ]);
}

function accountOf(credential: Credential | undefined, plan: PublishPlan | undefined): string {
  if (credential === undefined) return 'not logged in';
  const account = plan?.account ?? credential.account;
  return account === undefined ? `the token of ${credential.source}` : `${account} (${credential.source})`;
}

export function reportPublished({ terminal }: ReportContext, release: Release): void {
  const { name, version } = release.request.archive;
  const repeated = release.plan?.alreadyPublished === true;
  const where = release.connection.registry.displayUrl;
  if (repeated) terminal.note(`Exactly this archive was published before: nothing was sent.`);
  else terminal.status('Published', `${name}@${version} to ${where}`);
  terminal.result(asJson(release, { dryRun: false, alreadyPublished: repeated }), `+ ${name}@${version}`);
}

export function reportDryRun({ terminal }: ReportContext, release: Release): void {
  const { name, version } = release.request.archive;
  if (release.plan === undefined)
    terminal.note('Not logged in: the registry was not asked whether it would accept this.');
  terminal.status('Checked', `${name}@${version}: a dry run, nothing was sent`);
  const alreadyPublished = release.plan?.alreadyPublished === true;
  terminal.result(asJson(release, { dryRun: true, alreadyPublished }), '');
}

function asJson(
  { connection, request, plan }: Release,
  outcome: { dryRun: boolean; alreadyPublished: boolean },
): Json {
  return {
    ...archiveAsJson(request.archive),
    tag: request.tag,
    access: request.access ?? null,
    registry: connection.registry.displayUrl,
    account: plan?.account ?? null,
    ...outcome,
  };
}

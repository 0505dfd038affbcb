import type { Context } from '../context.ts';
import type { PublishOutcome } from '../ecosystems/registry.ts';
import type { PubError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { countFiles, formatBytes } from './describe-archive.ts';
import { accountOf, outcomeAsJson, type Release, releaseAsJson } from './publish-report.ts';

type ReportContext = Pick<Context, 'terminal'>;

/** What became of a member so far. */
export type Standing =
  | 'waiting'
  | 'published'
  | 'staged'
  /** Exactly this archive was public before. */
  | 'already-published'
  /** The number is taken, by other contents or by what waits for an approval. */
  | 'version-taken'
  | 'refused';

export interface MemberRelease extends Release {
  standing: Standing;
  outcome?: PublishOutcome;
  readonly refusal?: PubError;
}

export function sayMember({ terminal }: ReportContext, name: string, what: string): void {
  terminal.note(`${name} ${what}`);
}

export function sayCycle({ terminal }: ReportContext, names: readonly string[]): void {
  terminal.warn(
    `${[...names, names[0]].join(' needs ')}: no order is right for these, the workspace's own is taken`,
  );
}

/** What goes out, in the order it does, and what does not, each with the digest that is approved. */
export function showMembers({ terminal }: ReportContext, members: readonly MemberRelease[]): void {
  for (const { request, standing, refusal } of members) {
    const { archive, tag } = request;
    const name = `${archive.name}@${archive.version}`;
    if (standing === 'already-published') terminal.note(`${name} is already published: skipped`);
    else if (standing === 'version-taken') {
      terminal.warn(`${name} is skipped, ${whyTaken(refusal)}; a change needs a new version`);
    } else if (standing === 'waiting') {
      const about = [
        countFiles(archive),
        formatBytes(archive.size),
        ...(tag === undefined ? [] : [`tag ${tag}`]),
      ];
      terminal.note(`    ${name}  ${about.join(', ')}\n      sha256 ${archive.digests.sha256}`);
    }
  }
  const destinations = new Map(members.map(({ connection, login, plan }) => [connection, { login, plan }]));
  for (const [{ registry }, { login, plan }] of destinations) {
    terminal.fields([
      ['registry', registry.displayUrl],
      ['account', accountOf(login.credential, plan)],
    ]);
  }
}

/** The registry knows more: what has the number may only wait for an approval, or be taken back. */
function whyTaken(refusal: PubError | undefined): string {
  return refusal?.cause instanceof Error ? `since ${refusal.cause.message}` : 'since its version is taken';
}

export interface MembersResult {
  readonly members: readonly MemberRelease[];
  /** Names of the private ones. */
  readonly private: readonly string[];
  readonly dryRun: boolean;
}

export function reportMembers({ terminal }: ReportContext, result: MembersResult): void {
  const { members, dryRun } = result;
  const published = members.filter(({ standing }) => standing === 'published' || standing === 'staged');
  const all = members.length === 1 ? '1 member' : `${members.length} members`;
  if (dryRun) terminal.status('Checked', `${all}: a dry run, nothing was sent`);
  else if (published.length === 0) terminal.note('There was nothing to send.');
  const json = [
    ...members.map(memberAsJson),
    ...result.private.map((name) => ({ name, state: 'skipped', reason: 'private' })),
  ];
  const lines = published.map(({ request: { archive } }) => `+ ${archive.name}@${archive.version}`);
  terminal.result({ dryRun, members: json }, lines.join('\n'));
}

/** `state` is published, staged, skipped (then with a `reason`), refused, or waiting for what was not sent. */
export function memberAsJson(member: MemberRelease): JsonObject {
  const { standing, outcome, refusal } = member;
  const release = releaseAsJson(member);
  switch (standing) {
    case 'published':
    case 'staged':
      return { ...release, ...outcomeAsJson(outcome) };
    case 'already-published':
    case 'version-taken':
      return { ...release, state: 'skipped', reason: standing };
    case 'refused':
      return { ...release, state: 'refused', reason: refusal?.code ?? null };
    case 'waiting':
      return { ...release, state: 'waiting' };
  }
}

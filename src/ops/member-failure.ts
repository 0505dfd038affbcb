import type { Context } from '../context.ts';
import { PubError } from '../errors.ts';
import { type MemberRelease, memberAsJson } from './members-report.ts';
import type { Release } from './publish-report.ts';

/** Says what cannot go out. Throws when there is such a member: nothing was sent then, and nothing will be. */
export function refusedMembers(
  { terminal }: Pick<Context, 'terminal'>,
  members: readonly MemberRelease[],
  { dryRun }: { readonly dryRun: boolean },
): void {
  const refused = members.flatMap(({ standing, refusal }) =>
    standing === 'refused' && refusal !== undefined ? [refusal] : [],
  );
  const [first, ...more] = refused;
  if (first === undefined) return;
  for (const { message, cause } of more) terminal.warn([message, reasonIn(cause)].join(': '));
  if (!dryRun) terminal.note('Nothing was sent.');
  const { code, message, hint, cause } = first;
  throw new PubError(code, message, { cause, hint, details: { members: members.map(memberAsJson) } });
}

function reasonIn(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'the registry gave no reason';
}

export interface Failure {
  readonly failed: MemberRelease;
  readonly members: readonly MemberRelease[];
}

/** The failure as it was, after an account of what is out and what is not. */
export function failedWith(
  { terminal }: Pick<Context, 'terminal'>,
  error: unknown,
  { failed, members }: Failure,
): unknown {
  const staged = members.filter(({ standing }) => standing === 'staged');
  const out = members.filter(({ standing }) => !['waiting', 'refused', 'staged'].includes(standing));
  const left = members.filter((member) => member.standing === 'waiting' && member !== failed);
  const more = failed.standing === 'waiting' ? [failed] : [];
  // The answer was lost, and not always the request.
  const unknown = more.length > 0 && error instanceof PubError && error.code === 'E_NETWORK';
  terminal.fields([
    ['out', namesOf(out)],
    ...(staged.length > 0 ? ([['staged', namesOf(staged)]] as const) : []),
    ...(unknown ? ([['perhaps out', namesOf(more)]] as const) : []),
    ['not out', namesOf(unknown ? left : [...more, ...left])],
  ]);
  terminal.note('The same command goes on from here: what is out is skipped, and what is staged stays so.');
  if (!(error instanceof PubError)) return error;
  const { code, message, hint, cause } = error;
  return new PubError(code, message, { cause, hint, details: { members: members.map(memberAsJson) } });
}

function namesOf(members: readonly Release[]): string {
  const names = members.map(({ request: { archive } }) => `${archive.name}@${archive.version}`);
  return names.length === 0 ? 'nothing' : names.join(', ');
}

import { isCargoIndex } from '../config/registry-target.ts';
import { PubError } from '../errors.ts';
import { withSecondFactor } from '../second-factor/with-second-factor.ts';
import type { Secret } from '../secret.ts';
import { openAuthenticated } from './authenticated.ts';
import type { LogInContext } from './log-in.ts';
import { oneTimePasswordSource } from './one-time-password.ts';

export async function listInvitations(
  context: LogInContext,
  { registry: explicit }: { readonly registry: string | undefined },
): Promise<void> {
  const { registry, withToken } = await openAuthenticated(context, { explicit });
  const open = await withToken((token) => registry.invitations(token));
  const lines = open.map(
    ({ ecosystem, packageName, role, invitedBy, expires }) =>
      `${ecosystem === 'npm' ? '' : `${ecosystem}:`}${packageName}  ${role}  from ${invitedBy}  until ${expires.slice(0, 10)}`,
  );
  const json = open.map(({ ecosystem, packageName, role, invitedBy, expires }) => ({
    ecosystem,
    package: packageName,
    role,
    invitedBy,
    expires,
  }));
  if (open.length === 0) context.terminal.note('Nobody has invited you.');
  context.terminal.result({ invitations: json }, lines.join('\n'));
}

interface Answer {
  readonly packageName: string;
  readonly answer: 'accept' | 'decline';
  readonly registry: string | undefined;
  readonly oneTimePassword: Secret | undefined;
}

/** An account has at most one open invitation to a package, so the package names it. */
export async function answerInvitation(context: LogInContext, request: Answer): Promise<void> {
  const { packageName, answer } = request;
  const choice = { explicit: request.registry, packageName };
  const { target, registry, withToken } = await openAuthenticated(context, choice);
  const open = await withToken((token) => registry.invitations(token));
  const meant = isCargoIndex(target.url) ? 'cargo' : 'npm';
  const invitation = open.find(
    (candidate) => candidate.packageName === packageName && candidate.ecosystem === meant,
  );
  if (invitation === undefined) {
    throw new PubError('E_NOT_FOUND', `nobody has invited you to \`${packageName}\``, {
      hint: 'run `pub owner invitations` to see what waits for your answer',
    });
  }
  const source = oneTimePasswordSource(context, request.oneTimePassword, registry);
  await withSecondFactor(source, (oneTimePassword) =>
    withToken((token) => registry.answerInvitation({ token, oneTimePassword }, invitation.id, answer)),
  );
  const { role, invitedBy } = invitation;
  if (answer === 'accept') context.terminal.status('Accepted', `you are ${articled(role)} of ${packageName}`);
  else context.terminal.status('Declined', `the invitation of ${invitedBy} to ${packageName}`);
  context.terminal.result({ package: packageName, role, answer }, '');
}

function articled(role: string): string {
  return role === 'owner' ? 'an owner' : `a ${role}`;
}

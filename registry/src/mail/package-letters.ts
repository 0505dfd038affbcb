import type { Template } from './template.ts';

const askOwners =
  'If you did not expect this, ask the other owners, and tell the operator of the registry if nobody knows of it.';

/** To the people of a package or an organisation, and to who is asked to be one. */
export const packageLetters = {
  published: {
    subject: '{package} {version} was published',
    said: 'A version of a package you own was published.',
    facts: ['package', 'version', 'tag', 'sha256', 'by', 'approvedWith', 'stagedBy', 'program', 'address'],
    advice: askOwners,
  },
  staged: {
    subject: '{package} {version} waits for approval',
    said: 'A version of a package you own was handed in. It is public once it is approved by an owner or a maintainer: log in to the registry and open the page of the package, or use npm or pub.',
    facts: ['package', 'version', 'tag', 'sha256', 'by', 'stage', 'program', 'address'],
    advice: 'If you did not expect this, reject it, and ask the other owners.',
  },
  unpublished: {
    subject: 'Versions of {package} were unpublished',
    said: 'Versions of a package you own were taken back: {version}. Nobody can install them any more, and nothing can be published under these numbers again.',
    facts: ['package', 'version', 'by', 'program', 'address'],
    advice: askOwners,
  },
  'owner-added': {
    subject: '{user} was added to {package}',
    said: '{user} was added to a package you own.',
    facts: ['package', 'user', 'role', 'by', 'approvedWith'],
    advice: askOwners,
  },
  'owner-removed': {
    subject: '{user} was removed from {package}',
    said: '{user} was removed from a package you own or owned.',
    facts: ['package', 'user', 'role', 'by', 'approvedWith'],
    advice: askOwners,
  },
  'owner-invited': {
    subject: 'An invitation to {package}',
    said: 'You are invited to a package. Log in to the registry to accept or to decline; nothing changes until you do.',
    facts: ['package', 'role', 'by', 'expires'],
    advice: 'If you do not know who asks, decline or do nothing.',
  },
  'owner-invitation-sent': {
    subject: '{user} was invited to {package}',
    said: '{user} was invited to a package you own, and has a role in it once they accept.',
    facts: ['package', 'user', 'role', 'by', 'expires'],
    advice: askOwners,
  },
  'owner-invitation-declined': {
    subject: '{user} declined the invitation to {package}',
    said: '{user} declined an invitation to a package you own.',
    facts: ['package', 'user', 'role', 'by'],
    advice: askOwners,
  },
  'owner-role-changed': {
    subject: '{user} has another role in {package}',
    said: 'The role of {user} in a package was changed.',
    facts: ['package', 'user', 'role', 'by'],
    advice: askOwners,
  },
  'member-added': {
    subject: '{user} was added to the organisation {organisation}',
    said: '{user} is a member of the organisation {organisation}, and with it a maintainer or an owner of all its packages. Every member can leave.',
    facts: ['organisation', 'user', 'role', 'by'],
    advice: askOwners,
  },
  'member-removed': {
    subject: '{user} was removed from the organisation {organisation}',
    said: '{user} is no longer a member of the organisation {organisation}, and has no role in its packages but those written on a package itself.',
    facts: ['organisation', 'user', 'role', 'by'],
    advice: askOwners,
  },
  'organisation-policy-changed': {
    subject: 'The organisation {organisation} changed what it requires',
    said: 'Whether the organisation {organisation} requires a second factor of its members was changed. Required now: {required}.',
    facts: ['organisation', 'by'],
    advice: askOwners,
  },
  'transfer-offered': {
    subject: '{thing} is offered to {receiver}',
    said: '{thing} is offered to {receiver}. Log in to the registry to accept or to decline; nothing changes until somebody does.',
    facts: ['by', 'expires'],
    advice: 'If you do not know who asks, decline or do nothing.',
  },
  transferred: {
    subject: '{thing} went to {receiver}',
    said: '{thing} belongs to {receiver} now. Whoever had a role in it before has none any more, except those the transfer named.',
    facts: ['by'],
    advice: askOwners,
  },
  'package-opened': {
    subject: '{package} is public',
    said: 'Everybody can read a package you own from now on, with all its versions. It was restricted to its people before.',
    facts: ['package', 'by', 'program', 'address'],
    advice: askOwners,
  },
  'policy-weakened': {
    subject: '{package} no longer requires a second factor',
    said: 'A package you own can be published without a second factor from now on.',
    facts: ['package', 'by', 'approvedWith', 'program', 'address'],
    advice: askOwners,
  },
} as const satisfies Readonly<Record<string, Template>>;

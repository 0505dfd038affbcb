/**
 * What a mail says. A word in braces stands for a value of the message, and has to be there; a fact is shown
 * where its value is. When it happened is always said. Calm and plain: what, when, by what, and what to do
 * about it. No mail approves anything, and the only links are those to a page that asks once more.
 */
export interface Template {
  /** Never with a value somebody else chose freely: names of packages and accounts are checked ones. */
  readonly subject: string;
  readonly said: string;
  readonly facts?: readonly FactName[];
  readonly advice: string;
  /** The page that the value `secret` opens, and what its link is called. */
  readonly link?: { readonly path: string; readonly text: string };
}

/** The value's name, and how the mail calls it. */
export const factNames = {
  account: 'account',
  package: 'package',
  version: 'version',
  sha256: 'SHA-256',
  tag: 'tag',
  by: 'by',
  stagedBy: 'handed in by',
  stage: 'stage',
  user: 'user',
  role: 'role',
  organisation: 'organisation',
  approvedWith: 'approved with',
  factor: 'factor',
  token: 'token',
  scopes: 'may',
  expires: 'until',
  email: 'new address',
  program: 'program',
  address: 'from',
  until: 'held until',
  left: 'codes left',
} as const;
export type FactName = keyof typeof factNames;

const notYou =
  'If this was not you: change your password, end all sessions and revoke all tokens on the security page, and tell the operator of the registry.';
const askOwners =
  'If you did not expect this, ask the other owners, and tell the operator of the registry if nobody knows of it.';
const ignore = 'If you did not ask for this, do nothing: without the link nothing changes.';

const letters = {
  'verify-email': {
    subject: 'Confirm your e-mail address',
    said: 'The account {account} gave this address as its own. Open the page below and confirm that you read mail here. The link works once, within 24 hours.',
    facts: ['account', 'program', 'address'],
    advice: ignore,
    link: { path: '/-/web/mail/verify', text: 'Confirm this address' },
  },
  'address-change-asked': {
    subject: 'A new e-mail address for {account}',
    said: 'Somebody asked to change the e-mail address of the account {account}. It changes when the new address is confirmed; until then mail comes here.',
    facts: ['account', 'email', 'program', 'address'],
    advice: notYou,
  },
  'address-changed': {
    subject: 'The e-mail address of {account} was changed',
    said: 'Mail about the account {account} goes to its new address from now on. This message goes to both.',
    facts: ['account', 'email', 'program', 'address'],
    advice: notYou,
  },
  'password-reset': {
    subject: 'Set a new password for {account}',
    said: 'Somebody asked for a new password for the account {account}. The page below takes it. The link works once, within an hour; the second factor of the account stays, and is asked for.',
    facts: ['account', 'program', 'address'],
    advice: ignore,
    link: { path: '/-/web/mail/reset', text: 'Set a new password' },
  },
  'password-changed': {
    subject: 'The password of {account} was changed',
    said: 'The password of the account {account} was changed. Its other sessions and tokens were ended.',
    facts: ['account', 'approvedWith', 'program', 'address'],
    advice: notYou,
  },
  'factor-added': {
    subject: 'A second factor was added to {account}',
    said: 'The account {account} has a new second factor.',
    facts: ['account', 'factor', 'program', 'address'],
    advice: notYou,
  },
  'factor-mode-changed': {
    subject: 'When {account} is asked for a second factor was changed',
    said: 'The account {account} is asked for its second factor {when} from now on.',
    facts: ['account', 'program', 'address'],
    advice: notYou,
  },
  'factor-removed': {
    subject: 'A second factor of {account} was removed',
    said: 'A second factor of the account {account} was removed.',
    facts: ['account', 'factor', 'program', 'address'],
    advice: notYou,
  },
  'factor-reset': {
    subject: 'The second factor of {account} was reset',
    said: 'The operator of the registry removed the second factors of the account {account} and ended its sessions and tokens. Log in with the password and enrol a new one.',
    facts: ['account'],
    advice: 'If you did not ask for this, tell the operator of the registry at once.',
  },
  'passkey-refused': {
    subject: 'A passkey of {account} was refused',
    said: 'A passkey of the account {account} counted backwards, which is what a copy of it would do. It was refused.',
    facts: ['account', 'factor', 'program', 'address'],
    advice: notYou,
  },
  'recovery-code-used': {
    subject: 'A recovery code of {account} was used',
    said: 'Somebody logged in to the account {account} with its password and a recovery code. The account can publish and change nothing until the time below, so that there is time to notice.',
    facts: ['account', 'until', 'left', 'program', 'address'],
    advice: notYou,
  },
  'recovery-code-used-again': {
    subject: 'A recovery code of {account} was used',
    said: 'Somebody logged in to the account {account} with its password and a recovery code. The hold that an earlier one began is over: for ten minutes this browser can replace the second factors of the account.',
    facts: ['account', 'left', 'program', 'address'],
    advice: notYou,
  },
  'recovery-codes-low': {
    subject: 'The recovery codes of {account} are running out',
    said: 'The account {account} has few recovery codes left. Make new ones on the security page.',
    facts: ['account', 'left'],
    advice: notYou,
  },
  'recovery-codes-replaced': {
    subject: 'The recovery codes of {account} were replaced',
    said: 'The account {account} has new recovery codes. The ones before do not work any more.',
    facts: ['account', 'program', 'address'],
    advice: notYou,
  },
  'hold-lifted': {
    subject: 'The hold on {account} was lifted',
    said: 'The operator of the registry ended the hold on the account {account}. It can publish and change things again.',
    facts: ['account'],
    advice: 'If you did not ask for this, tell the operator of the registry at once.',
  },
  'account-locked': {
    subject: 'Many wrong codes for {account}',
    said: 'Somebody with the password or a token of the account {account} sent wrong one-time passwords. No code of the account is looked at until the wait is over.',
    facts: ['account'],
    advice: notYou,
  },
  'token-created': {
    subject: 'A token of {account} was made',
    said: 'The account {account} has a new token.',
    facts: ['account', 'token', 'scopes', 'expires', 'program', 'address'],
    advice: notYou,
  },
  'token-leaked': {
    subject: 'A token of {account} was found in public',
    said: 'A token of the account {account} was reported as found where others can read it. It was revoked.',
    facts: ['account', 'token'],
    advice: 'Look at what was published since, and make a new token where one is needed.',
  },
  'new-address': {
    subject: '{account} was used from a new address',
    said: 'The account {account} was used from an address that it was not used from before.',
    facts: ['account', 'token', 'program', 'address'],
    advice: notYou,
  },
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

export type TemplateName = keyof typeof letters;

export const templates: Readonly<Record<TemplateName, Template>> = letters;

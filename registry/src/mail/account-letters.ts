import type { Template } from './template.ts';

const notYou =
  'If this was not you: change your password, end all sessions and revoke all tokens on the security page, and tell the operator of the registry.';
const ignore = 'If you did not ask for this, do nothing: without the link nothing changes.';

/** To the person behind an account, about it. */
export const accountLetters = {
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
} as const satisfies Readonly<Record<string, Template>>;

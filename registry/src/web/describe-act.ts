import { type Act, parseAct } from '../accounts/act.ts';
import type { Approval } from '../accounts/approvals.ts';
import { actsIn, isBatch } from '../accounts/batch.ts';
import { type Content, html } from './html.ts';
import { time } from './time.ts';

/** What a person reads before they approve. Everything the act holds is shown: what is not seen is not agreed to. */
export interface Description {
  readonly heading: string;
  readonly warning: string;
  /** For a `dl`. */
  readonly facts: Content;
}

const headings: Readonly<Record<string, string>> = {
  publish: 'Publish',
  'stage:approve': 'Approve, and publish',
  'stage:reject': 'Reject',
  unpublish: 'Unpublish versions of',
  deprecate: 'Change the deprecation of',
  yank: 'Yank a version of',
  unyank: 'Put back a yanked version of',
  'tag:set': 'Move a tag of',
  'tag:remove': 'Remove a tag of',
  owners: 'Change the owners of',
  'owner:add': 'Invite somebody to, or change a role in',
  'owner:remove': 'Remove an owner from',
  'owner:set': 'Replace the owners of',
  'policy:change': 'Change the policy of',
  'account:change': 'Change the account',
  'invitation:accept': 'Accept the invitation to',
  transfer: 'Give away',
  'transfer:accept': 'Take over',
  'scope:claim': 'Claim',
  'organisation:create': 'Create',
  'organisation:require-2fa': 'Change what is required of the members of',
  'member:set': 'Add or change a member of',
  'member:remove': 'Remove a member of',
  'factor:disable': 'Disable a second factor of',
  'token:create': 'Make a token of',
};

export function describeRequest(approval: Approval, account: string): Description {
  const act = parseAct(approval.act);
  const { agent, address, expires_at } = approval;
  const facts = html`${approval.kind === 'act' && actFacts(act)}
${fact('Account', html`<strong>${account}</strong>`)}
${fact('Program', html`<bdi>${agent}</bdi> <small>in its own words</small>`)}
${fact('From', html`<code>${address}</code>`)}
${fact('Open until', time(expires_at))}`;
  if (approval.kind === 'login')
    return { heading: `Log in a program as ${account}`, warning: loginWarning, facts };
  return { heading: headingOf(act), warning: actWarning, facts };
}

const loginWarning =
  'Approve only if you started a login just now, with a program on a machine of yours. The program gets a token that acts for your account. Nobody who is honest sends you such an address.';

const actWarning =
  'Approve only if you started this just now, and everything below is what you expect: compare the digest with the one your program shows.';

function headingOf(act: Act): string {
  if (isBatch(act)) return batchHeading(actsIn(act).length);
  const { action, subject } = act;
  const words = headings[action];
  const name = nameOf(subject);
  return words === undefined ? `Do “${action}” on ${name}` : `${words} ${name}`;
}

function batchHeading(count: number): string {
  return count === 1 ? 'Publish one release' : `Publish ${count} releases`;
}

/** Subjects are named for the log; people say what it is. */
function nameOf(subject: string): string {
  return subject
    .replace(/^npm:/, '')
    .replace(/^cargo:/, 'the crate ')
    .replace(/^scope:/, 'the scope ')
    .replace(/^org:/, 'the organisation ');
}

function actFacts(act: Act): Content {
  if (isBatch(act)) return batchFacts(act);
  const { action, subject, details } = act;
  const release = /^(npm|cargo):(.+[^/])@([^@]+)$/.exec(subject);
  const named = release
    ? [
        fact(release[1] === 'cargo' ? 'Crate' : 'Package', html`<strong>${release[2]}</strong>`),
        fact('Version', html`<strong>${release[3]}</strong>`),
      ]
    : [fact('On', html`<strong><bdi>${nameOf(subject)}</bdi></strong>`)];
  const more = Object.entries(details).map(([name, value]) =>
    fact(
      name === 'sha256' ? 'SHA-256 of the archive' : name,
      name === 'sha256' ? digest(value) : html`<bdi>${value}</bdi>`,
    ),
  );
  return html`${fact('Asked for', html`<code>${action}</code>`)}${named}${more}`;
}

/** Every release with its digest: the proof is good for each of them. */
function batchFacts(act: Act): Content {
  const releases = actsIn(act).map(({ subject, details: { sha256 = '' } }) =>
    fact(nameOf(subject), html`SHA-256 of the archive: ${digest(sha256)}`),
  );
  return html`${fact('Asked for', html`<code>${act.action}</code>`)}${releases}`;
}

export function fact(name: string, value: Content): Content {
  return html`<dt>${name}</dt><dd>${value}</dd>\n`;
}

/** In groups of eight: people compare by eye. */
export function digest(hex: string): Content {
  return html`<span class="digest">${hex.match(/.{1,8}/g)?.join(' ') ?? ''}</span>`;
}

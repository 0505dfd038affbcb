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

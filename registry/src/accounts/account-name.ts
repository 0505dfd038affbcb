import { Refusal } from '../errors.ts';

/** Letters a keychain, a URL and a shell all take as they are. */
const pattern = /^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/;

/** Names that would be mistaken for the registry itself in its log. */
const reserved = new Set(['anonymous', 'operator', 'pub', 'registry', 'root', 'admin']);

/** Whether there can be an account of that name at all. */
export function isAccountName(text: string): boolean {
  return pattern.test(text);
}

/** Checks a name for a new account. Throws `bad_request`. */
export function parseAccountName(text: string): string {
  if (!isAccountName(text)) {
    throw new Refusal(
      'bad_request',
      'an account name has 1 to 64 lower-case letters, digits, hyphens and underscores, and begins and ends with a letter or digit',
    );
  }
  if (reserved.has(text)) throw new Refusal('bad_request', `the account name ${text} is reserved`);
  return text;
}

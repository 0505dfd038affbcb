import { Refusal } from '../errors.ts';

/** Letters a keychain, a URL and a shell all take as they are. */
const pattern = /^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/;

/** Names that would be mistaken for the registry itself in its log. */
const reserved = new Set(['anonymous', 'operator', 'pub', 'registry', 'root', 'admin']);

/** Checks a name for a new account. Throws `bad_request`. */
export function parseAccountName(text: string): string {
  if (!pattern.test(text)) {
    throw new Refusal(
      'bad_request',
      'an account name has 1 to 64 lower-case letters, digits, hyphens and underscores, and begins and ends with a letter or digit',
    );
  }
  if (reserved.has(text)) throw new Refusal('bad_request', `the account name ${text} is reserved`);
  return text;
}

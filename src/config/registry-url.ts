import { PubError } from '../errors.ts';

/**
 * A registry's URL in the one form that is compared, stored and used as the name of its credential: http or
 * https, lower-case host, no default port, path ending in a slash. Throws `E_CONFIG` for anything else. The
 * message repeats nothing of a URL that could hold a password.
 */
export function parseRegistryUrl(text: string): string {
  const shown = text.includes('@') ? 'the given URL' : `\`${text}\``;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:\/\//i.test(text.trim())) {
    throw refuse(
      `${shown} is not the URL of a registry`,
      'write it in full, such as https://registry.example/',
    );
  }
  if (url.username !== '' || url.password !== '' || url.host.includes('@')) {
    throw refuse(
      `the URL of ${url.host} holds a user name or password`,
      'leave it out, and run `pub login`; a URL ends up in logs and in shell histories',
    );
  }
  if (url.search !== '' || url.hash !== '') {
    throw refuse(`${shown} has a query or a fragment`, 'leave out everything from the `?` or `#` on');
  }
  return url.pathname.endsWith('/') ? url.href : `${url.href}/`;
}

/**
 * The index of a cargo registry as cargo names it, in the same one form: `sparse+` and a URL. Without `sparse+` it is
 * an index in git, or the name cargo has for the index of crates.io.
 */
export function parseIndexUrl(text: string): string {
  const sparse = 'sparse+';
  if (!text.startsWith(sparse)) return parseRegistryUrl(text);
  return `${sparse}${parseRegistryUrl(text.slice(sparse.length))}`;
}

function refuse(message: string, hint: string): PubError {
  return new PubError('E_CONFIG', message, { hint });
}

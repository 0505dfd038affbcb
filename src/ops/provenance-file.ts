import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { PubError } from '../errors.ts';

/** Bytes. A bundle is some ten thousand long; a file given by mistake should not fill the memory. */
const longestBundle = 4 * 1024 * 1024;

export async function readProvenanceFile(
  { workingDirectory }: Pick<Context, 'workingDirectory'>,
  path: string | undefined,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const place = resolve(workingDirectory, path);
  try {
    if ((await stat(place)).size > longestBundle) throw new Error('it is too long to be a Sigstore bundle');
    return await readFile(place, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): PubError {
  return new PubError('E_USAGE', `failed to read the provenance in \`${path}\``, {
    cause,
    hint: 'give the Sigstore bundle that your build made',
  });
}

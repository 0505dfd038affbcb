import { PubError } from '../../errors.ts';
import type { RegistryClient } from './registry-client.ts';

/** npm has nothing like it: a version can be warned of, or removed. */
export async function yank({ displayUrl }: RegistryClient): Promise<never> {
  throw new PubError('E_UNSUPPORTED', `failed to yank a version at ${displayUrl}`, {
    cause: new Error('npm packages are not yanked'),
    hint: 'run `pub deprecate <package@version> <message>` to warn of a version, or `pub unpublish` to remove it',
  });
}

import type { PackageChanges } from '../package-changes.ts';
import { collaborators, packagesOf, setAccess, visibility } from './access.ts';
import { deprecate } from './deprecation.ts';
import { removeTag, setTag, tags } from './dist-tags.ts';
import type { RegistryClient } from './registry-client.ts';
import { unpublish } from './unpublishing.ts';

export function packageChanges(client: RegistryClient): PackageChanges {
  return {
    tags: (packageName, token) => tags(client, packageName, token),
    setTag: (proofs, packageName, change) => setTag(client, proofs, packageName, change),
    removeTag: (proofs, packageName, tag) => removeTag(client, proofs, packageName, tag),
    deprecate: (proofs, packageName, change) => deprecate(client, proofs, packageName, change),
    unpublish: (proofs, packageName, unpublished) => unpublish(client, proofs, packageName, unpublished),
    visibility: (packageName, token) => visibility(client, packageName, token),
    setAccess: (proofs, packageName, change) => setAccess(client, proofs, packageName, change),
    packagesOf: (token, who) => packagesOf(client, token, who),
    collaborators: (packageName, token) => collaborators(client, packageName, token),
  };
}

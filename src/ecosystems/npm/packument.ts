import { isJsonObject, type Json, type JsonObject, stringMember } from '../../json.ts';
import type { Owner, PackageRole } from '../registry.ts';
import { isAccountName } from './sessions.ts';

/** The integrity of a version, or `'none'` when it is there without one; `undefined` when it is not there. */
export function integrityOfVersion(packument: JsonObject, version: string): string | undefined {
  const versions = packument['versions'];
  if (!isJsonObject(versions) || !Object.hasOwn(versions, version)) return undefined;
  const manifest = versions[version];
  const dist = isJsonObject(manifest) ? manifest['dist'] : undefined;
  return (isJsonObject(dist) ? stringMember(dist, 'integrity') : undefined) ?? 'none';
}

/** `maintainers`, as objects or in the old `name <address>` form. `undefined` when it is anything else. */
export function maintainersOf(packument: JsonObject): readonly Owner[] | undefined {
  const declared = packument['maintainers'];
  if (!Array.isArray(declared)) return undefined;
  const owners = declared.map(ownerFrom);
  return owners.every((owner) => owner !== undefined) ? owners : undefined;
}

/** A person as registries write one. */
export function ownerFrom(value: Json): Owner | undefined {
  if (typeof value === 'string') {
    const [, name, email] = /^([^<]+?)\s*(?:<([^>]*)>)?$/.exec(value) ?? [];
    return owner(name, email);
  }
  return isJsonObject(value) ? owner(stringMember(value, 'name'), stringMember(value, 'email')) : undefined;
}

const packageRoles: readonly PackageRole[] = ['owner', 'maintainer'];

/** The role a registry names, if it is one we know. */
export function packageRoleIn(entry: Json): PackageRole | undefined {
  return isJsonObject(entry) ? packageRoles.find((known) => known === entry['role']) : undefined;
}

function owner(name: string | undefined, email: string | undefined): Owner | undefined {
  if (name === undefined || !isAccountName(name)) return undefined;
  return { name, email: email && isAccountName(email) ? email : undefined };
}

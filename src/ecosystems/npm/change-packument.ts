import { isJsonObject, type JsonObject, stringMember } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import { packagePath, type RegistryClient, unexpectedAnswer } from './registry-client.ts';

/** A package's whole document, fresh, to be sent back with a change in it: how npm changes what is out. */
export interface EditablePackument {
  readonly document: JsonObject;
  readonly versions: Readonly<Record<string, JsonObject>>;
  readonly revision: string;
}

export interface PackumentRead {
  readonly packageName: string;
  readonly token: Secret;
  readonly command: string;
  readonly attempt: string;
}

export async function readForChange(
  client: RegistryClient,
  { packageName, token, command, attempt }: PackumentRead,
): Promise<EditablePackument> {
  const path = `${packagePath(packageName)}?write=true`;
  const document = await client.read({ method: 'GET', path, command, attempt, token });
  if (document['name'] !== packageName) throw unexpectedAnswer(attempt, 'it is about another package');
  const { versions } = document;
  if (!isJsonObject(versions) || !Object.values(versions).every(isJsonObject)) {
    throw unexpectedAnswer(attempt, 'it has no list of versions');
  }
  const revision = stringMember(document, '_rev');
  if (revision === undefined || !/^[\w.-]{1,256}$/.test(revision)) {
    throw unexpectedAnswer(attempt, 'it has no revision to change');
  }
  return { document, versions: versions as Record<string, JsonObject>, revision };
}

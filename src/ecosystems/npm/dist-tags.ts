import type { Secret } from '../../secret.ts';
import type { Proofs } from '../proofs.ts';
import { encodeSegment, packagePath, type RegistryClient, unexpectedAnswer } from './registry-client.ts';

const command = 'dist-tag';

/** npm's `GET /-/package/<package>/dist-tags`. */
export async function tags(
  client: RegistryClient,
  packageName: string,
  token: Secret | undefined,
): Promise<Readonly<Record<string, string>>> {
  const attempt = `failed to list the tags of \`${packageName}\` at ${client.displayUrl}`;
  const answer = await client.read({ method: 'GET', path: tagsPath(packageName), command, attempt, token });
  // Verdaccio lets the revision of its document through.
  const entries = Object.entries(answer).filter(([tag]) => tag !== '_etag');
  if (!entries.every(([, version]) => typeof version === 'string')) {
    throw unexpectedAnswer(attempt, 'a tag in it names no version');
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

export async function setTag(
  client: RegistryClient,
  proofs: Proofs,
  packageName: string,
  { tag, version }: { readonly tag: string; readonly version: string },
): Promise<void> {
  await client.send({
    method: 'PUT',
    path: `${tagsPath(packageName)}/${encodeSegment(tag)}`,
    command,
    attempt: `failed to give \`${packageName}@${version}\` the tag \`${tag}\` at ${client.displayUrl}`,
    ...proofs,
    // A JSON text that is a string (measured, npm 12).
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(version),
  });
}

export async function removeTag(
  client: RegistryClient,
  proofs: Proofs,
  packageName: string,
  tag: string,
): Promise<void> {
  await client.send({
    method: 'DELETE',
    path: `${tagsPath(packageName)}/${encodeSegment(tag)}`,
    command,
    attempt: `failed to remove the tag \`${tag}\` from \`${packageName}\` at ${client.displayUrl}`,
    ...proofs,
  });
}

function tagsPath(packageName: string): string {
  return `-/package/${packagePath(packageName)}/dist-tags`;
}

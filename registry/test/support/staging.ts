import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { Answer, Client } from './client.ts';
import {
  archiveOf,
  contentDigest,
  manifestOf,
  npmDocument,
  type PublishOptions,
  pathOf,
  type Release,
} from './publishing.ts';

/** Hands a release in, as npm does or as pub does. */
export async function stage(
  client: Client,
  release: Release = {},
  { via = 'npm', tag, access, archive = archiveOf(release) }: PublishOptions = {},
): Promise<Answer> {
  const manifest = manifestOf(release);
  const headers = { 'user-agent': 'ci/1.0' };
  if (via === 'npm') {
    const options = { ...(tag && { tag }), ...(access && { access }) };
    return await client.post(
      `/-/stage/package${pathOf(manifest.name)}`,
      npmDocument(manifest, archive, options),
      {
        headers,
      },
    );
  }
  const query = new URLSearchParams({ stage: 'true', ...(tag && { tag }), ...(access && { access }) });
  const path = `/-/pub/v1/releases/npm${pathOf(manifest.name)}/${manifest.version}?${query}`;
  const type = { 'content-type': 'application/octet-stream', 'content-digest': contentDigest(archive) };
  return await client.put(path, archive, { headers: { ...headers, ...type } });
}

/** The number of a release that was just handed in. */
export async function staged(
  client: Client,
  release: Release = {},
  options: PublishOptions = {},
): Promise<string> {
  const answer = await stage(client, release, options);
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.body.stageId ?? answer.body.stage_id;
}

export const approveStaged = (client: Client, id: string, otp?: string) =>
  client.post(`/-/stage/${id}/approve`, null, { otp });

export const rejectStaged = (client: Client, id: string, otp?: string) =>
  client.delete(`/-/stage/${id}`, { otp });

export const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

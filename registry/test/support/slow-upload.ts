import { Readable } from 'node:stream';
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

/** A publish whose body stops half way, after everything that is checked before a body is read. */
export interface SlowUpload {
  readonly answer: Promise<Answer>;
  /** Sends the rest, and gives the answer. */
  finish(): Promise<Answer>;
}

export async function beginUpload(
  client: Client,
  release: Release = {},
  { otp, via = 'pub' }: PublishOptions = {},
): Promise<SlowUpload> {
  const archive = archiveOf(release);
  const { name, version } = manifestOf(release);
  const body =
    via === 'pub' ? archive : Buffer.from(JSON.stringify(npmDocument(manifestOf(release), archive)));
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const content = Readable.from(
    (async function* () {
      yield body.subarray(0, 50);
      reached.resolve();
      await gate.promise;
      yield body.subarray(50);
    })(),
    { objectMode: false },
  );
  const path = via === 'pub' ? `/-/pub/v1/releases/npm${pathOf(name)}/${version}` : pathOf(name);
  const headers = {
    'content-type': via === 'pub' ? 'application/octet-stream' : 'application/json',
    'content-digest': contentDigest(archive),
  };
  const answer = client.put(path, content, { otp, headers });
  await Promise.race([reached.promise, answer]);
  return {
    answer,
    finish: async () => {
      gate.resolve();
      return await answer;
    },
  };
}

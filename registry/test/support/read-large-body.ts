import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { readPublishDocument } from '../../src/protocols/npm/publish-document.ts';

/** Run as a worker with little memory: reads a publish of `pieces` times `piece`, answers the archive's SHA-256. */
const { piece, pieces } = workerData as { readonly piece: Uint8Array; readonly pieces: number };

async function* body() {
  yield Buffer.from('{"_attachments":{"a":{"content_type":"application/octet-stream","data":"');
  const text = Buffer.from(Buffer.from(piece).toString('base64'));
  for (let count = 0; count < pieces; count++) yield text;
  yield Buffer.from(`","length":${piece.length * pieces}}}}`);
}

async function receive(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of content) hash.update(part);
  return hash.digest('hex');
}

const { tarball } = await readPublishDocument(body(), { receive, discard: async () => {} });
parentPort?.postMessage(tarball?.received);

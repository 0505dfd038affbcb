import { Refusal } from '../../errors.ts';
import { ByteReader } from '../../releases/archive/byte-reader.ts';
import { type JsonObject, parseStrictJsonObject } from '../../strict-json.ts';

/** The body of a publish, read as it arrives: "Publish" of the Cargo book's registry web API. */
export interface PublishBody {
  readonly metadata: JsonObject;
  /** To be read to its end. Fails when the body ends before, or goes on behind. */
  readonly crate: AsyncIterable<Uint8Array>;
}

/** crates.io's limit. */
const largestMetadata = 1024 * 1024;
const pieceBytes = 64 * 1024;

/** Little-endian lengths of four bytes before the JSON and before the crate. Throws `bad_request` and `too_large`. */
export async function readPublishBody(
  source: AsyncIterable<Uint8Array>,
  maximumCrateBytes: number,
): Promise<PublishBody> {
  // Never closed: that would end the request, which still needs its answer.
  const reader = new ByteReader(source as AsyncIterable<Buffer>);
  const metadata = await readMetadata(reader);
  const size = (await take(reader, 4)).readUInt32LE();
  if (size > maximumCrateBytes)
    throw new Refusal(
      'too_large',
      `the crate is larger than this registry's limit of ${maximumCrateBytes} bytes`,
    );
  return { metadata, crate: piecesOf(reader, size) };
}

async function readMetadata(reader: ByteReader): Promise<JsonObject> {
  const size = (await take(reader, 4)).readUInt32LE();
  if (size > largestMetadata)
    throw new Refusal('too_large', 'the metadata before the crate is larger than 1 MiB');
  try {
    return parseStrictJsonObject((await take(reader, size)).toString('utf8'));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw malformed('the metadata before the crate is not a JSON object', error);
  }
}

async function* piecesOf(reader: ByteReader, size: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0; left -= pieceBytes) yield await take(reader, Math.min(left, pieceBytes));
  if (!(await reader.atEnd())) throw malformed('something follows the crate in the body');
}

async function take(reader: ByteReader, size: number): Promise<Buffer> {
  try {
    return await reader.take(size);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw malformed('the body is shorter than it says', error);
  }
}

function malformed(problem: string, cause?: unknown): Refusal {
  return new Refusal('bad_request', problem, { cause });
}

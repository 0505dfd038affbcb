import type { Services } from '../../../services.ts';
import { noAnswer } from '../../../upstream/no-answer.ts';
import type { UpstreamAnswer } from '../../../upstream/request.ts';
import type { Upstream } from '../../../upstream/upstreams.ts';

/** Decoded. Above the largest packuments there are. */
const largestPackument = 64 * 1024 * 1024;
/**
 * The same for what is in it. A manifest has one for each 10 to 15 bytes, so this many are more than 40 MB of them; they
 * are parsed and cleaned within two seconds whatever they are, where 64 MiB of them ended the process (measured).
 */
const mostMarks = 4_000_000;
/** Read by as many at a time as there are turns. Most packuments are smaller. */
const smallPackument = 1024 * 1024;

/**
 * The text of a packument, handed to `use`. A large one has a turn for as long as it is read and used, so that they
 * do not fill the memory.
 */
export async function withPackumentText<T>(
  { upstreamCache: { turnsOf, closing } }: Pick<Services, 'upstreamCache'>,
  { upstream: { url }, unwanted }: { upstream: Pick<Upstream, 'url'>; unwanted: AbortSignal },
  answer: UpstreamAnswer,
  use: (text: string) => Promise<T>,
): Promise<T> {
  const pieces = answer.read(largestPackument)[Symbol.asyncIterator]();
  const read = { chunks: [] as Uint8Array[], bytes: 0, marks: 0 };
  const readUpTo = async (bytes: number) => {
    while (read.bytes <= bytes) {
      const { done, value } = await pieces.next();
      if (done) return true;
      read.chunks.push(value);
      read.bytes += value.byteLength;
      read.marks += marksIn(value);
      if (read.marks > mostMarks) throw noAnswer(`it has more than ${mostMarks} values`);
    }
    return false;
  };
  const useAll = async () => await use(Buffer.concat(read.chunks.splice(0)).toString('utf8'));
  if (await readUpTo(smallPackument)) return await useAll();
  return await turnsOf(url).largeMetadata(
    async () => {
      await readUpTo(Number.POSITIVE_INFINITY);
      return await useAll();
    },
    AbortSignal.any([unwanted, closing]),
  );
}

/** What begins or parts values of JSON. Those within texts count too: it is a bound. */
const marks = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number('{[,:'.includes(String.fromCharCode(byte))),
);

function marksIn(bytes: Uint8Array): number {
  let count = 0;
  // Not `for of`, which takes ten times as long.
  for (let index = 0; index < bytes.length; index++) count += marks[bytes[index] as number] as number;
  return count;
}

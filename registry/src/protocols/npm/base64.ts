import { noteDeadBytes } from '../../dead-bytes.ts';
import { JsonError } from '../../strict-json.ts';

/**
 * Decodes standard base64 (RFC 4648 §4) strictly, piece by piece: no other character, padding required, unused
 * bits zero. So the same bytes have one spelling only. `decoded.size` counts the bytes given out.
 */
export async function* decodeBase64(
  source: AsyncIterable<Uint8Array>,
  decoded: { size: number },
): AsyncGenerator<Buffer> {
  let rest = '';
  for await (const piece of source) {
    const text = rest + Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1');
    // At least one character stays back, so that padding is only ever seen by the last step.
    const whole = Math.max(0, text.length - 1) & ~3;
    rest = text.slice(whole);
    if (whole === 0) continue;
    const bytes = decodeWhole(text.slice(0, whole));
    decoded.size += bytes.byteLength;
    yield bytes;
    noteDeadBytes(bytes.byteLength);
  }
  if (rest === '') return;
  const last = Buffer.from(rest, 'base64');
  if (last.toString('base64') !== rest) throw notBase64();
  decoded.size += last.byteLength;
  yield last;
}

/**
 * Groups of four characters, none of them padding. Node's decoder passes over what it does not know, which makes fewer
 * bytes, and knows the two characters of base64 for URLs (§5) too.
 */
function decodeWhole(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  const complete = bytes.byteLength === (text.length / 4) * 3;
  if (!complete || text.includes('-') || text.includes('_')) throw notBase64();
  return bytes;
}

function notBase64(): JsonError {
  return new JsonError('the archive is not valid base64');
}

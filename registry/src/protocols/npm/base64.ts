import { JsonError } from '../../strict-json.ts';

/**
 * Decodes standard base64 (RFC 4648 §4) strictly, piece by piece: no other character, padding required, unused
 * bits zero. So the same bytes have one spelling only. Node's own decoder passes over what it does not know.
 * `decoded.size` counts the bytes given out.
 */
export async function* decodeBase64(
  source: AsyncIterable<string>,
  decoded: { size: number },
): AsyncGenerator<Buffer> {
  let rest = '';
  for await (const piece of source) {
    const text = rest + piece;
    // At least one character stays back, so that padding is only ever seen by the last step.
    const whole = Math.max(0, text.length - 1) & ~3;
    rest = text.slice(whole);
    if (whole === 0) continue;
    if (!/^[A-Za-z0-9+/]*$/.test(text.slice(0, whole))) throw invalid();
    yield count(Buffer.from(text.slice(0, whole), 'base64'), decoded);
  }
  if (rest === '') return;
  const last = Buffer.from(rest, 'base64');
  if (last.toString('base64') !== rest) throw invalid();
  yield count(last, decoded);
}

function count(bytes: Buffer, decoded: { size: number }): Buffer {
  decoded.size += bytes.byteLength;
  return bytes;
}

function invalid(): JsonError {
  return new JsonError('the archive is not valid base64');
}

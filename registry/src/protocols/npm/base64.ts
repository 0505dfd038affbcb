import { noteDeadBytes } from '../../dead-bytes.ts';
import { JsonError } from '../../strict-json.ts';

/** What a character stands for, by its code; `invalid` where it stands for nothing. */
const invalid = 0x80;
const values = new Uint8Array(256).fill(invalid);
for (const [value, character] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
].entries())
  values[character.charCodeAt(0)] = value;

/**
 * Decodes standard base64 (RFC 4648 §4) strictly, piece by piece: no other character, padding required, unused
 * bits zero. So the same bytes have one spelling only. Node's own decoder passes over what it does not know, and
 * takes strings, which an archive should not become. `decoded.size` counts the bytes given out.
 */
export async function* decodeBase64(
  source: AsyncIterable<Uint8Array>,
  decoded: { size: number },
): AsyncGenerator<Buffer> {
  let rest: Uint8Array = Buffer.alloc(0);
  for await (const piece of source) {
    // At least one character stays back, so that padding is only ever seen by the last step.
    const whole = Math.max(0, rest.byteLength + piece.byteLength - 1) & ~3;
    if (whole === 0) {
      rest = Buffer.concat([rest, piece]);
      continue;
    }
    const bytes = decodeWhole(rest, piece, whole);
    rest = Buffer.from(piece.subarray(whole - rest.byteLength));
    decoded.size += bytes.byteLength;
    yield bytes;
    noteDeadBytes(bytes.byteLength);
  }
  if (rest.byteLength === 0) return;
  const text = Buffer.from(rest).toString('latin1');
  const last = Buffer.from(text, 'base64');
  if (last.toString('base64') !== text) throw notBase64();
  decoded.size += last.byteLength;
  yield last;
}

/** `whole` characters, a multiple of four: `rest`, of at most four, and then those of `piece`. */
function decodeWhole(rest: Uint8Array, piece: Uint8Array, whole: number): Buffer {
  const bytes = Buffer.allocUnsafe((whole / 4) * 3);
  const begun = (4 - rest.byteLength) % 4;
  const first = Buffer.concat([rest, piece.subarray(0, begun)]);
  let seen = decodeGroups(first, bytes);
  seen |= decodeGroups(
    piece.subarray(begun, whole - rest.byteLength),
    bytes.subarray((first.byteLength / 4) * 3),
  );
  if (seen & invalid) throw notBase64();
  return bytes;
}

/** Four characters make three bytes. Gives the bits of all values together, so that one bad one shows. */
function decodeGroups(text: Uint8Array, bytes: Buffer): number {
  let seen = 0;
  for (let from = 0, to = 0; from < text.byteLength; from += 4, to += 3) {
    const a = values[text[from] as number] as number;
    const b = values[text[from + 1] as number] as number;
    const c = values[text[from + 2] as number] as number;
    const d = values[text[from + 3] as number] as number;
    seen |= a | b | c | d;
    bytes[to] = (a << 2) | (b >> 4);
    bytes[to + 1] = (b << 4) | (c >> 2);
    bytes[to + 2] = (c << 6) | d;
  }
  return seen;
}

function notBase64(): JsonError {
  return new JsonError('the archive is not valid base64');
}

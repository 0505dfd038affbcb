/** Numbers from 0 to below `limit`, the same ones for the same seed: a failure can be repeated. */
export type Random = (limit: number) => number;

/** mulberry32: good enough to choose bytes, and small. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** `bytes` with one to three changes: a bit, a byte, a cut, a piece repeated, a piece left out. */
export function mutated(bytes: Buffer, random: Random): Buffer {
  let result: Buffer = bytes;
  for (let changes = 1 + random(3); changes > 0; changes--) result = changedOnce(result, random);
  return result;
}

function changedOnce(bytes: Buffer, random: Random): Buffer {
  const at = random(bytes.length + 1);
  const length = random(Math.min(600, bytes.length + 1));
  const rest = bytes.subarray(at);
  switch (random(6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), rest.subarray(0, length), rest]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), rest.subarray(length)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([random(256)]), rest.subarray(1)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([random(128)]), rest]);
    default:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from([(rest[0] ?? 0) ^ (1 << random(8))]),
        rest.subarray(1),
      ]);
  }
}

import { pipeline, type Readable, Transform } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Above it a collection is worth its time: about a millisecond. */
const mostDeadBytes = 4 * 1024 * 1024;

let deadBytes = 0;
let collectYoung: (() => void) | undefined;

/**
 * Says that so many bytes passed through buffers that nobody needs any more. V8 lets 32 MB of them lie before it looks,
 * and each megabyte is one that the system has to find: collecting them early takes a fifth of the memory of a large
 * upload or download, and half of its processor time (measured).
 */
export function noteDeadBytes(count: number): void {
  deadBytes += count;
  if (deadBytes < mostDeadBytes) return;
  deadBytes = 0;
  collectYoung ??= findCollector();
  collectYoung();
}

/** The same bytes; a piece that was read is dead once it is sent. Whichever of the two streams ends early ends the other. */
export function notingDeadBytes(content: Readable): Readable {
  const counter = new Transform({
    transform(piece: Buffer, _encoding, done) {
      noteDeadBytes(piece.byteLength);
      done(null, piece);
    },
  });
  return pipeline(content, counter, () => {});
}

/** Of the young generation: a context that is made under the flag has it as a global function. */
function findCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('globalThis.gc') as NodeJS.GCFunction | undefined;
  setFlagsFromString('--no-expose-gc');
  return () => void collect?.({ type: 'minor' });
}

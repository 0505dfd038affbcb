import { archiveBytes } from '../../archives/archive-bytes.ts';
import type { StreamedBody } from '../../http/transport.ts';
import type { JsonObject } from '../../json.ts';
import type { Archive } from '../ecosystem.ts';

/** cargo's upload: the length of the metadata, the metadata, the length of the archive, the archive. Both u32, LE. */
export function uploadBody(metadata: JsonObject, archive: Archive): StreamedBody {
  const json = Buffer.from(JSON.stringify(metadata));
  const before = Buffer.concat([littleEndian(json.length), json, littleEndian(archive.size)]);
  return {
    length: before.length + archive.size,
    open: async function* () {
      yield before;
      yield* archiveBytes(archive);
    },
  };
}

function littleEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

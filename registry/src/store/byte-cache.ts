/** Values by their key, the sum of their sizes bounded: what was not asked for longest goes first. */
export interface ByteCache<Value> {
  get(key: string): Value | undefined;
  /** `size` in bytes. A value that is too large a part of the cache is not taken in: a quarter, unless said otherwise. */
  set(key: string, value: Value, size: number): void;
}

/** What an entry takes besides its value and its key: the Map, the objects. About, and never nothing. */
const overhead = 500;

export function createByteCache<Value>(maximumBytes: number, largest = maximumBytes / 4): ByteCache<Value> {
  // A Map keeps the order of insertion, so the first one is the one that was not asked for longest.
  const entries = new Map<string, { readonly value: Value; readonly size: number }>();
  let total = 0;

  function remove(key: string): void {
    total -= entries.get(key)?.size ?? 0;
    entries.delete(key);
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, bytes) {
      // A character takes two bytes at most.
      const size = bytes + 2 * key.length + overhead;
      remove(key);
      if (size > largest) return;
      entries.set(key, { value, size });
      total += size;
      for (const oldest of entries.keys()) {
        if (total <= maximumBytes) return;
        remove(oldest);
      }
    },
  };
}

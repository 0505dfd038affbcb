import type { Background } from '../background.ts';
import type { Document } from '../packages/document.ts';
import { type ByteCache, createByteCache } from '../store/byte-cache.ts';
import { createDiskLimit } from './disk-limit.ts';
import { type KeptArchives, keptArchives } from './kept-archives.ts';
import { type KeptDocuments, keptDocuments } from './kept-documents.ts';
import { type KeptPins, keptPins } from './pins.ts';
import { createTurns } from './turns.ts';

/**
 * What was read from upstream. All of it can be read again, so nothing here is part of a back-up, a file
 * that a power loss left broken counts as missing, and what was not used for longest makes room for the rest.
 */
export interface UpstreamCache extends KeptDocuments {
  readonly pins: KeptPins;
  readonly archives: KeptArchives;
  /** Documents as they are sent, by what they are made of: in memory. */
  readonly prepared: ByteCache<Document>;
  /** The refusals of an upstream that are not worth a file, by a key for each package: in memory. */
  readonly refusals: Map<string, UpstreamRefusal>;
  /** Work that is asked for while it is under way is not begun again. */
  once<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** At most so many requests to upstreams at a time; the others wait. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Until when an upstream that did not answer last is not asked, by its address; milliseconds since the epoch. */
  readonly silentUntil: Map<string, number>;
}

/** With which status an upstream refused something, and when; milliseconds since the epoch. */
export interface UpstreamRefusal {
  readonly status: number;
  readonly at: number;
}

export interface UpstreamCacheOptions {
  /** What may lie on disk. */
  readonly maximumBytes: number;
  readonly background: Background;
}

/** Twice what one npm asks for at a time. */
const mostAtOnce = 32;

/** Of memory, for documents as they are sent. */
const preparedBytes = 64 * 1024 * 1024;

/** Touches nothing until it is used: most registries have no upstream. */
export function upstreamCache(
  folder: string,
  { maximumBytes, background }: UpstreamCacheOptions,
): UpstreamCache {
  const underWay = new Map<string, Promise<unknown>>();
  const silentUntil = new Map<string, number>();
  const isSilent = () => silentUntil.size > 0;
  const { wrote } = createDiskLimit({ folder, maximumBytes, background, isSilent });
  return {
    ...keptDocuments(folder, wrote),
    silentUntil,
    inTurn: createTurns(mostAtOnce),
    pins: keptPins(folder, wrote),
    archives: keptArchives(folder, wrote),
    prepared: createByteCache(preparedBytes),
    refusals: new Map(),
    async once<T>(key: string, work: () => Promise<T>): Promise<T> {
      const begun = underWay.get(key) ?? work().finally(() => underWay.delete(key));
      underWay.set(key, begun);
      return (await begun) as T;
    },
  };
}

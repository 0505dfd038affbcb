import type { Background } from '../background.ts';
import type { Document } from '../packages/document.ts';
import { type ByteCache, createByteCache } from '../store/byte-cache.ts';
import { createDiskLimit } from './disk-limit.ts';
import { type KeptArchives, keptArchives } from './kept-archives.ts';
import { type KeptDocuments, keptDocuments } from './kept-documents.ts';
import { type KeptPins, keptPins } from './pins.ts';
import { createSharedWork, type SharedWork } from './shared-work.ts';
import { createTurns, type Turns } from './turns.ts';

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
  readonly once: SharedWork['once'];
  /** The turns of an upstream, by its address: what one of them is slow with stops no other. */
  turnsOf(url: string): UpstreamTurns;
  /** Until when a host that did not answer last is not asked, by its origin; milliseconds since the epoch. */
  readonly silentUntil: Map<string, number>;
  /** Aborted when the process ends: nothing is asked any more, and what is under way is given up. */
  readonly closing: AbortSignal;
  /** Resolves when nothing is read or written any more. */
  close(): Promise<void>;
}

/** With which status an upstream refused something, and when; milliseconds since the epoch. */
export interface UpstreamRefusal {
  readonly status: number;
  readonly at: number;
}

/** An archive may take half an hour, so it has turns of its own. */
export interface UpstreamTurns {
  readonly archives: Turns;
  readonly metadata: Turns;
  /** For what takes much memory while it is read and understood. */
  readonly largeMetadata: Turns;
}

export interface UpstreamCacheOptions {
  /** What may lie on disk. */
  readonly maximumBytes: number;
  readonly background: Background;
}

/** Twice what one npm asks for at a time. */
const mostAtOnce = 32;

/** Of memory, for documents as they are sent. */
const preparedBytes = 96 * 1024 * 1024;
/** The largest packuments are read most, and take longest to prepare. */
const largestPrepared = 64 * 1024 * 1024;

/** Touches nothing until it is used: most registries have no upstream. */
export function upstreamCache(
  folder: string,
  { maximumBytes, background }: UpstreamCacheOptions,
): UpstreamCache {
  const { once, settled } = createSharedWork();
  const silentUntil = new Map<string, number>();
  const isSilent = () => silentUntil.size > 0;
  const { wrote } = createDiskLimit({ folder, maximumBytes, background, isSilent });
  const turns = new Map<string, UpstreamTurns>();
  const closing = new AbortController();
  return {
    ...keptDocuments(folder, wrote),
    silentUntil,
    once,
    turnsOf(url) {
      const known = turns.get(url) ?? turnsOfUpstream();
      turns.set(url, known);
      return known;
    },
    pins: keptPins(folder, wrote),
    archives: keptArchives(folder, wrote),
    prepared: createByteCache(preparedBytes, largestPrepared),
    refusals: new Map(),
    closing: closing.signal,
    async close() {
      closing.abort(new Error('this registry is ending'));
      await settled();
    },
  };
}

function turnsOfUpstream(): UpstreamTurns {
  return {
    archives: createTurns({ mostAtOnce, longestWait: 60_000 }),
    metadata: createTurns({ mostAtOnce, longestWait: 10_000 }),
    largeMetadata: createTurns({ mostAtOnce: 3, longestWait: 10_000 }),
  };
}

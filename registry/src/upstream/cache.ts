import { randomBytes } from 'node:crypto';
import { mkdir, rename, utimes, writeFile } from 'node:fs/promises';
import type { Background } from '../background.ts';
import type { Document } from '../packages/document.ts';
import { openIfThere } from '../store/blob-folder.ts';
import { type ByteCache, createByteCache } from '../store/byte-cache.ts';
import { createDiskLimit } from './disk-limit.ts';
import { type KeptArchives, keptArchives } from './kept-archives.ts';
import { documentFile, foldersOf, noteUse } from './kept-files.ts';
import { createTurns } from './turns.ts';

/** A document as it was made of an upstream's answer. */
export interface CachedDocument<About> {
  /** What its ecosystem has to know of it. */
  readonly about: About;
  readonly body: string;
  /** When upstream last said that this is how things are; milliseconds since the epoch. */
  readonly checkedAt: number;
}

/**
 * What was read from upstream. All of it can be read again, so nothing here is part of a back-up, a file
 * that a power loss left broken counts as missing, and what was not used for longest makes room for the rest.
 */
export interface UpstreamCache {
  read<About>(key: string): Promise<CachedDocument<About> | undefined>;
  write<About>(key: string, document: CachedDocument<About>): Promise<void>;
  /** Notes that what was read before was found to be still right when `checkedAt` says. */
  touch<About>(key: string, document: CachedDocument<About>): Promise<void>;
  readonly archives: KeptArchives;
  /** Documents as they are sent, by what they are made of: in memory. */
  readonly prepared: ByteCache<Document>;
  /** When upstream last said that there is no such thing, by a key for each: in memory. */
  readonly absentAt: Map<string, number>;
  /** Work that is asked for while it is under way is not begun again. */
  once<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** At most so many requests to upstreams at a time; the others wait. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Until when an upstream that did not answer last is not asked, by its address; milliseconds since the epoch. */
  readonly silentUntil: Map<string, number>;
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
  const write = async <About>(key: string, document: CachedDocument<About>) => {
    await mkdir(foldersOf(folder).documents, { recursive: true, mode: 0o700 });
    wrote(await writeDocument(documentFile(folder, key), key, document));
  };
  return {
    silentUntil,
    inTurn: createTurns(mostAtOnce),
    archives: keptArchives(folder, wrote),
    prepared: createByteCache(preparedBytes),
    absentAt: new Map(),
    read: (key) => readDocument(documentFile(folder, key), key),
    write,
    async touch(key, document) {
      if (!(await setTime(documentFile(folder, key), document.checkedAt))) await write(key, document);
    },
    async once<T>(key: string, work: () => Promise<T>): Promise<T> {
      const begun = underWay.get(key) ?? work().finally(() => underWay.delete(key));
      underWay.set(key, begun);
      return (await begun) as T;
    },
  };
}

/** Gives how many bytes those are. */
async function writeDocument<About>(
  path: string,
  key: string,
  { about, body, checkedAt }: CachedDocument<About>,
): Promise<number> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const bytes = Buffer.from(`${JSON.stringify({ key, about, length: body.length })}\n${body}`);
  await writeFile(temporary, bytes, { mode: 0o600 });
  await setTime(temporary, checkedAt);
  await rename(temporary, path);
  return bytes.byteLength;
}

/**
 * The file's time of change is when it was last right, so that saying so again does not write it again. False where
 * there is no such file any more.
 */
async function setTime(path: string, milliseconds: number): Promise<boolean> {
  try {
    await utimes(path, Date.now() / 1_000, milliseconds / 1_000);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function readDocument<About>(path: string, key: string): Promise<CachedDocument<About> | undefined> {
  const file = await openIfThere(path);
  if (file === undefined) return undefined;
  try {
    const text = await file.readFile('utf8');
    const times = await file.stat();
    await noteUse(times, (...noted) => file.utimes(...noted));
    const end = text.indexOf('\n');
    const head = JSON.parse(text.slice(0, end)) as { key: string; about: About; length: number };
    const body = text.slice(end + 1);
    const whole = head.key === key && head.length === body.length;
    return whole ? { about: head.about, body, checkedAt: times.mtimeMs } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  } finally {
    await file.close();
  }
}

import { createHash, randomBytes } from 'node:crypto';
import { mkdir, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlobStore, openBlobFolder, openIfThere } from '../store/blobs.ts';
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
 * What was read from upstream. All of it can be read again, so nothing here is part of a back-up, and a file
 * that a power loss left broken counts as missing. Apart from the registry's own archives: what this registry
 * vouches for and what it passes on are never one file.
 */
export interface UpstreamCache {
  read<About>(key: string): Promise<CachedDocument<About> | undefined>;
  write<About>(key: string, document: CachedDocument<About>): Promise<void>;
  /** Notes that the document was found to be still right. */
  touch(key: string, checkedAt: number): Promise<void>;
  archives(): Promise<BlobStore>;
  /** Work that is asked for while it is under way is not begun again. */
  once<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** At most so many requests to upstreams at a time; the others wait. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Until when an upstream that did not answer is not asked, by its address; milliseconds since the epoch. */
  readonly silentUntil: Map<string, number>;
}

/** Twice what one npm asks for at a time. */
const mostAtOnce = 32;

/** Touches nothing until it is used: most registries have no upstream. */
export function upstreamCache(folder: string): UpstreamCache {
  const underWay = new Map<string, Promise<unknown>>();
  let archives: Promise<BlobStore> | undefined;
  const fileOf = (key: string) => join(folder, 'documents', createHash('sha256').update(key).digest('hex'));
  return {
    silentUntil: new Map(),
    inTurn: createTurns(mostAtOnce),
    archives: () =>
      (archives ??= mkdir(folder, { recursive: true, mode: 0o700 }).then(() =>
        openBlobFolder(join(folder, 'archives')),
      )),
    read: (key) => readDocument(fileOf(key), key),
    touch: (key, checkedAt) => setTime(fileOf(key), checkedAt),
    async write(key, { about, body, checkedAt }) {
      await mkdir(join(folder, 'documents'), { recursive: true, mode: 0o700 });
      const temporary = `${fileOf(key)}.${randomBytes(6).toString('hex')}`;
      await writeFile(temporary, `${JSON.stringify({ key, about, length: body.length })}\n${body}`, {
        mode: 0o600,
      });
      await setTime(temporary, checkedAt);
      await rename(temporary, fileOf(key));
    },
    async once<T>(key: string, work: () => Promise<T>): Promise<T> {
      const begun = underWay.get(key) ?? work().finally(() => underWay.delete(key));
      underWay.set(key, begun);
      return (await begun) as T;
    },
  };
}

/** The time of the file is when it was last right, so that saying so again does not write it again. */
async function setTime(path: string, milliseconds: number): Promise<void> {
  await utimes(path, milliseconds / 1_000, milliseconds / 1_000);
}

async function readDocument<About>(path: string, key: string): Promise<CachedDocument<About> | undefined> {
  const file = await openIfThere(path);
  if (file === undefined) return undefined;
  try {
    const text = await file.readFile('utf8');
    const { mtimeMs } = await file.stat();
    const end = text.indexOf('\n');
    const head = JSON.parse(text.slice(0, end)) as { key: string; about: About; length: number };
    const body = text.slice(end + 1);
    const whole = head.key === key && head.length === body.length;
    return whole ? { about: head.about, body, checkedAt: mtimeMs } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  } finally {
    await file.close();
  }
}

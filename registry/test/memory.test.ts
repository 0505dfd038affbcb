import { expect, test } from 'vitest';
import { noteDeadBytes } from '../src/dead-bytes.ts';
import { createByteCache } from '../src/store/byte-cache.ts';
import { createLooks } from '../src/store/recall.ts';

/** What the server remembers is bounded, and is never out of date. */

test('a cache holds no more bytes than it may, and lets go first what was not asked for longest', () => {
  const cache = createByteCache<number>(100_000);
  for (let i = 0; i < 1_000; i++) {
    cache.set(`key ${i}`, i, 9_480);
    expect(cache.get('key 0')).toBe(0);
  }
  const held = Array.from({ length: 1_000 }, (_, i) => cache.get(`key ${i}`)).filter(
    (value) => value !== undefined,
  );
  expect(held).toEqual([0, ...Array.from({ length: 9 }, (_, i) => 991 + i)]);
});

test('a cache counts what a value takes beside its bytes, its key among that, and a value put again once', () => {
  const cache = createByteCache<string>(100_000);
  for (let i = 0; i < 1_000; i++) cache.set(`empty ${i}`, '', 0);
  expect(
    Array.from({ length: 1_000 }, (_, i) => cache.get(`empty ${i}`)).filter((value) => value === ''),
  ).toHaveLength(193);
  for (let i = 0; i < 100; i++) cache.set('again', `${i}`, 20_000);
  cache.set('other', 'kept', 20_000);
  expect([cache.get('again'), cache.get('other')]).toEqual(['99', 'kept']);
});

test('a cache does not take in what would push everything else out, nor keep what it replaced', () => {
  const cache = createByteCache<string>(100_000);
  cache.set('small', 'kept', 10_000);
  cache.set('large', 'old', 10_000);
  cache.set('large', 'new', 30_000);
  expect([cache.get('small'), cache.get('large')]).toEqual(['kept', undefined]);
});

test('an answer is remembered until something is committed, and is one for each key', async () => {
  let version = 1;
  let reads = 0;
  const look = createLooks(() => version);
  const recall = <Answer>(key: string, read: () => Promise<Answer>) => look().recall(key, read);
  const ask = (key: string) => recall(key, async () => `${key} ${++reads}`);
  expect([await ask('a'), await ask('a'), await ask('b')]).toEqual(['a 1', 'a 1', 'b 2']);
  version = 2;
  expect([await ask('a'), await ask('a'), await ask('b')]).toEqual(['a 3', 'a 3', 'b 4']);
});

test('an answer that was read before a commit and came after it is not remembered', async () => {
  let version = 1;
  let state = 'old';
  const look = createLooks(() => version);
  const recall = <Answer>(key: string, read: () => Promise<Answer>) => look().recall(key, read);
  const gate = Promise.withResolvers<void>();
  const early = recall('key', async () => {
    const read = state;
    await gate.promise;
    return read;
  });
  [version, state] = [2, 'new'];
  const between = await recall('other', async () => state);
  gate.resolve();
  expect([await early, between]).toEqual(['old', 'new']);
  expect(await recall('key', async () => state)).toBe('new');
});

test('a reading that failed, or found nothing, is made again', async () => {
  const look = createLooks(() => 1);
  const recall = <Answer>(key: string, read: () => Promise<Answer>) => look().recall(key, read);
  await expect(recall('key', async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await recall('key', async () => undefined)).toBeUndefined();
  expect(await recall('key', async () => 'there')).toBe('there');
});

test('what is remembered is bounded', async () => {
  const look = createLooks(() => 1);
  const recall = <Answer>(key: string, read: () => Promise<Answer>) => look().recall(key, read);
  let reads = 0;
  const ask = (i: number) => recall(`key ${i}`, async () => ++reads);
  for (let i = 0; i < 10_001; i++) await ask(i);
  await ask(0);
  expect(reads).toBe(10_002);
});

test('buffers that somebody says are dead are collected long before V8 would', () => {
  const held = () => process.memoryUsage().arrayBuffers;
  const before = held();
  let most = 0;
  for (let piece = 0; piece < 1_000; piece++) {
    noteDeadBytes(Buffer.allocUnsafe(64 * 1024).byteLength);
    most = Math.max(most, held() - before);
  }
  // Without it, 32 MB.
  expect(most).toBeLessThan(16 * 1024 * 1024);
});

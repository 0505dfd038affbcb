import { expect, test } from 'vitest';
import { createLooks } from '../src/store/recall.ts';

test('what is not there is not remembered, so that nobody pushes out what is by asking for it', async () => {
  const look = createLooks(() => 1);
  const recall = <Answer>(key: string, read: () => Promise<Answer>) => look().recall(key, read);
  let reads = 0;
  const read = async () => {
    reads += 1;
    return 'a package';
  };
  await recall('package npm:tool', read);
  for (let i = 0; i < 11_000; i += 1) await recall(`package npm:none-${i}`, async () => undefined);
  expect([await recall('package npm:tool', read), reads]).toEqual(['a package', 1]);
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { signUp } from '../support/accounts.ts';
import { freshHome } from '../support/fresh-home.ts';
import { builtRegistry, pinnedNode } from '../support/places.ts';
import { run } from '../support/processes.ts';
import { startRegistry } from '../support/servers.ts';

test("the operator's commands use the folder that --data names, before the command or after it", async () => {
  const data = await mkdtemp(join(tmpdir(), 'pub-registry-'));
  await using home = await freshHome();
  const list = (...args: string[]) => run(pinnedNode, [builtRegistry, ...args], { env: home.env });
  try {
    await using registry = await startRegistry({ data });
    await signUp(registry.url, 'alice');
    const after = await list('user', 'list', '--data', data);
    expect(after.stdout).toContain('alice');
    expect(await list('--data', data, 'user', 'list')).toEqual(after);
    expect(await list('--data', join(home.path, 'other'), 'user', 'list', '--data', data)).toEqual(after);
    expect((await list('--data', join(home.path, 'other'), 'user', 'list')).code).toBe(1);
    expect((await list('user', 'list')).code).toBe(1);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
});

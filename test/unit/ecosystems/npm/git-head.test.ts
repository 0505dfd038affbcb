import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gitHeadOf } from '../../../../src/ecosystems/npm/git-head.ts';
import { folderWith } from './temporary-folder.ts';

const commit = 'c0ffee'.padEnd(40, '0');

test.each([
  ['a loose branch', { '.git/HEAD': 'ref: refs/heads/main\n', '.git/refs/heads/main': `${commit}\n` }],
  [
    'a packed branch',
    { '.git/HEAD': 'ref: refs/heads/a/b\n', '.git/packed-refs': `#\n${commit} refs/heads/a/b\n` },
  ],
  ['no branch', { '.git/HEAD': `${commit}\n` }],
  [
    'a linked work tree',
    {
      '.git': 'gitdir: main/worktrees/w\n',
      'main/worktrees/w/HEAD': 'ref: refs/heads/x\n',
      'main/worktrees/w/commondir': '../..\n',
      'main/refs/heads/x': commit,
    },
  ],
])('the commit is found with %s', async (_, files) => {
  const folder = await folderWith({ ...files, 'deep/er/x': '' });
  expect(await gitHeadOf(join(folder, 'deep/er'))).toBe(commit);
});

test.each([
  ['before the first commit', { '.git/HEAD': 'ref: refs/heads/main\n' }],
  ['with a branch that leaves the folder', { '.git/HEAD': 'ref: refs/../../x\n', x: commit }],
  ['with something else', { '.git/HEAD': 'hello' }],
])('there is no commit %s', async (_, files) => {
  expect(await gitHeadOf(await folderWith(files))).toBeUndefined();
});

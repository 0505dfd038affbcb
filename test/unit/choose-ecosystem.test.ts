import { expect, test } from 'vitest';
import { ecosystemChooser } from '../../src/choose-ecosystem.ts';
import { scriptedPrompter } from '../support/scripted-context.ts';
import { folderWith } from './ecosystems/npm/temporary-folder.ts';

const nobody = () => scriptedPrompter([]);

test.each([
  [{ 'package.json': '{}' }, 'npm'],
  [{ 'Cargo.toml': '' }, 'cargo'],
  [{ 'readme.md': '' }, undefined],
])('a folder with %o is of the ecosystem of its manifest', async (files, ecosystem) => {
  expect(await ecosystemChooser({ forced: undefined, prompter: nobody() })(await folderWith(files))).toBe(
    ecosystem,
  );
});

test('an archive is told by its ending', async () => {
  const choose = ecosystemChooser({ forced: undefined, prompter: nobody() });
  expect([await choose('a.crate'), await choose('a.tgz')]).toEqual(['cargo', 'npm']);
});

test('with both manifests the person is asked, once, unless --ecosystem says it', async () => {
  const folder = await folderWith({ 'package.json': '{}', 'Cargo.toml': '' });
  const prompter = scriptedPrompter([['npm or cargo?', ' Cargo ']]);
  const choose = ecosystemChooser({ forced: undefined, prompter });
  expect([await choose(folder), await choose(folder)]).toEqual(['cargo', 'cargo']);
  expect(await ecosystemChooser({ forced: 'npm', prompter: nobody() })(folder)).toBe('npm');
  const other = ecosystemChooser({
    forced: undefined,
    prompter: scriptedPrompter([['npm or cargo?', 'pip']]),
  });
  await expect(other(folder)).rejects.toMatchObject({ code: 'E_USAGE' });
});

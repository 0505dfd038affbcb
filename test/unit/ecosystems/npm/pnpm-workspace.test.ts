import { describe, expect, it } from 'vitest';
import { publishedContent } from '../../../../src/ecosystems/npm/published-content.ts';
import { membersOf } from './plain-ecosystem.ts';
import { folderWith } from './temporary-folder.ts';

/** Also compared with pnpm itself: `test/peers/pnpm-workspace.test.ts`. */

const member = (name: string, more: object = {}) => ({ name, version: '1.2.3', ...more });

const files = {
  'pnpm-workspace.yaml': 'packages:\n  - "!**/fixtures/**"\n  - packages/*\n  - ./tools/**/\n',
  'package.json': { private: true },
  'packages/a/package.json': member('a'),
  'packages/b/package.json': member('b'),
  'packages/b/fixtures/c/package.json': member('c'),
  'packages/b/node_modules/d/package.json': member('d'),
  'tools/package.json': member('tools'),
  'tools/deep/er/package.json': member('deeper', { private: true }),
  'tools/fixtures/f/package.json': member('f'),
};

describe('the members of a pnpm workspace', () => {
  it('are those that a pattern names, but for what one with `!` names, wherever it stands', async () => {
    const root = await folderWith(files);
    const all = { names: ['a', 'b', 'tools'], private: ['deeper'] };
    expect(await membersOf(root)).toEqual(all);
    expect(await membersOf(root, 'all', `${root}/packages/b`)).toEqual(all);
    expect(await membersOf(root, ['b', 'packages/a'])).toEqual({ names: ['a', 'b'], private: [] });
    expect(await membersOf(root, 'all', `${root}/packages/b/fixtures/c`)).toBeUndefined();
  });

  it('are those of pnpm where package.json names others', async () => {
    const root = await folderWith({ ...files, 'package.json': { workspaces: ['packages/b/fixtures/*'] } });
    expect(await membersOf(root)).toMatchObject({ names: ['a', 'b', 'tools'] });
  });

  it('are those of package.json where pnpm’s file has settings alone', async () => {
    const root = await folderWith({
      ...files,
      'pnpm-workspace.yaml': 'onlyBuiltDependencies: []\n',
      'package.json': { workspaces: ['packages/*'] },
    });
    expect(await membersOf(root)).toEqual({ names: ['a', 'b'], private: [] });
  });

  it('have the root among them where that is a package', async () => {
    const root = await folderWith({ ...files, 'package.json': member('root') });
    expect(await membersOf(root)).toMatchObject({ names: ['root', 'a', 'b', 'tools'] });
  });

  it.each(['packages: [', 'a: 1\na: 2\n', 'packages: *nobody\n'])('are not guessed from %j', async (text) => {
    const root = await folderWith({ ...files, 'pnpm-workspace.yaml': text });
    await expect(membersOf(root)).rejects.toMatchObject({
      code: 'E_PROJECT',
      message: expect.stringContaining('pnpm-workspace.yaml` is not YAML'),
    });
  });
});

describe('what a member is published with', () => {
  const workspace = {
    'pnpm-workspace.yaml': [
      'packages: ["packages/*"]',
      'catalog: { left: ^1.0.0, loop: "catalog:old", linked: "link:../x" }',
      'catalogs: { old: { left: ^0.9.0 } }',
    ].join('\n'),
    'packages/b/package.json': member('b'),
    'packages/none/package.json': { name: 'none' },
  };

  async function published(content: object, more: object = {}) {
    const manifest = { name: 'a', version: '1.0.0', ...content };
    const root = await folderWith({ ...workspace, 'packages/a/package.json': manifest, ...more });
    return await publishedContent(`${root}/packages/a`, manifest);
  }

  it.each([
    ['workspace:*', '1.2.3'],
    ['workspace:^', '^1.2.3'],
    ['workspace:~', '~1.2.3'],
    ['workspace:', '1.2.3'],
    ['workspace:>=1.0.0 <2', '>=1.0.0 <2'],
    ['workspace:../b', '1.2.3'],
    ['workspace:b@^', '^1.2.3'],
    ['^1.0.0', '^1.0.0'],
    ['npm:other@1', 'npm:other@1'],
  ])('has for `b` as %s the range %s', async (range, plain) => {
    for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
      expect((await published({ [kind]: { b: range, x: '1' } }))[kind]).toEqual({ b: plain, x: '1' });
    }
  });

  it.each([
    ['alias', 'workspace:b@*', 'npm:b@1.2.3'],
    ['alias', 'workspace:../b', 'npm:b@1.2.3'],
    ['left', 'catalog:', '^1.0.0'],
    ['left', 'catalog:default', '^1.0.0'],
    ['left', 'catalog:old', '^0.9.0'],
  ])('has for `%s` as %s the range %s', async (name, range, plain) => {
    const { dependencies } = await published({ dependencies: { [name]: range } });
    expect(dependencies).toEqual({ [name]: plain });
  });

  it('has ranges for peers that leave them a choice', async () => {
    const peerDependencies = {
      ...{ b: 'workspace:^ || workspace:~0.9.0', alias: 'workspace:b@^', left: 'catalog:' },
    };
    expect((await published({ peerDependencies }))['peerDependencies']).toEqual({
      ...{ b: '^1.2.3 || ~0.9.0', alias: 'npm:b@*', left: '^1.0.0' },
    });
  });

  it.each([
    ['gone', 'workspace:*', 'no member `gone`'],
    ['none', 'workspace:*', 'no member `none` with a version'],
    ['b', 'workspace:../gone', 'at `../gone`'],
    ['b', 'workspace:../../../elsewhere', 'no member'],
    ['gone', 'catalog:', 'the catalog `default`'],
    ['left', 'catalog:gone', 'the catalog `gone`'],
    ['left', 'catalog:__proto__', 'the catalog `__proto__`'],
    ['constructor', 'catalog:', 'the catalog `default`'],
    ['loop', 'catalog:', 'the catalog `default`'],
    ['linked', 'catalog:', 'the catalog `default`'],
  ])('is refused for `%s` as %s', async (name, range, reason) => {
    await expect(published({ dependencies: { [name]: range } })).rejects.toMatchObject({
      code: 'E_PROJECT',
      message: `failed to pack \`a\`: nobody could install \`${name}\` of its dependencies, \`${range}\``,
      hint: expect.stringContaining(`write a range of versions for \`${name}\` in its place, or `),
      cause: expect.objectContaining({ message: expect.stringContaining(reason) }),
    });
  });

  it('has what publishConfig puts in place of what the workspace uses', async () => {
    const publishConfig = { main: 'dist/a.js', access: 'public', exports: { '.': './dist/a.js' } };
    const content = await published({ main: 'src/a.ts', publishConfig });
    expect(content).toEqual({
      name: 'a',
      version: '1.0.0',
      ...{ main: 'dist/a.js', exports: { '.': './dist/a.js' }, publishConfig: { access: 'public' } },
    });
    const without = await published({ publishConfig: { main: 'dist/a.js' } });
    expect(without).toEqual({ name: 'a', version: '1.0.0', main: 'dist/a.js' });
  });

  it.each(['name', 'directory'])('is refused where publishConfig has a %s', async (key) => {
    await expect(published({ publishConfig: { [key]: 'other' } })).rejects.toMatchObject({
      code: 'E_PROJECT',
      hint: 'run `pnpm pack`, and publish the archive that it makes',
    });
  });

  it('is not touched where nothing of it is the workspace’s own, nor outside of one', async () => {
    const manifest = member('a', { dependencies: { b: '^1' }, publishConfig: { access: 'public' } });
    const inside = await folderWith({ ...workspace, 'packages/a/package.json': manifest });
    expect(await publishedContent(`${inside}/packages/a`, manifest)).toBe(manifest);
    const alone = member('a', { dependencies: { b: 'workspace:*' }, publishConfig: { main: 'x' } });
    const outside = await folderWith({ 'package.json': alone });
    expect(await publishedContent(outside, alone)).toBe(alone);
  });

  it('has ranges without `workspace:` in an npm workspace too, and what publishConfig says stays there', async () => {
    const npm = { 'pnpm-workspace.yaml': '', 'package.json': { workspaces: ['packages/*'] } };
    const content = await published(
      { dependencies: { b: 'workspace:^' }, publishConfig: { main: 'x' } },
      npm,
    );
    expect(content).toMatchObject({ dependencies: { b: '^1.2.3' }, publishConfig: { main: 'x' } });
    const catalog = { dependencies: { b: 'catalog:' } };
    expect(await published(catalog, npm)).toMatchObject(catalog);
  });
});

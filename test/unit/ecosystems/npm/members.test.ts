import { describe, expect, it } from 'vitest';
import { membersOf, npmEcosystemIn } from './plain-ecosystem.ts';
import { addFiles, folderWith } from './temporary-folder.ts';

const manifest = (content: object) => JSON.stringify({ version: '1.0.0', ...content });

async function workspaceOf(files: Readonly<Record<string, string>>) {
  const root = await folderWith();
  await addFiles(root, {
    'package.json': JSON.stringify({ private: true, workspaces: ['packages/*', 'tools/*'] }),
    ...files,
  });
  return root;
}

const files = {
  'packages/a/package.json': manifest({ name: '@acme/a', dependencies: { 'b-alias': 'npm:@acme/b@^1' } }),
  'packages/b/package.json': manifest({ name: '@acme/b' }),
  'tools/docs/package.json': JSON.stringify({ name: 'docs', private: true }),
};

describe('the members of an npm workspace', () => {
  it('are found from its root and from a member, without the private ones', async () => {
    const root = await workspaceOf(files);
    const all = { names: ['@acme/a', '@acme/b'], private: ['docs'] };
    expect(await membersOf(root, 'all')).toEqual(all);
    expect(await membersOf(root, 'all', `${root}/packages/b`)).toEqual(all);
  });

  it.each([
    [['@acme/b'], ['@acme/b']],
    [['packages/a'], ['@acme/a']],
    [['./packages'], ['@acme/a', '@acme/b']],
    [
      ['packages/b', '@acme/a', 'packages/b'],
      ['@acme/a', '@acme/b'],
    ],
  ])('are chosen by name, by folder or by a folder they are in: %j', async (choice, names) => {
    const root = await workspaceOf(files);
    expect(await membersOf(root, choice)).toEqual({ names, private: [] });
  });

  it.each(['@acme/c', 'packages/c', 'package', '../packages'])('are not there as %s', async (choice) => {
    const root = await workspaceOf(files);
    await expect(membersOf(root, [choice])).rejects.toMatchObject({
      code: 'E_PROJECT',
      hint: 'its members are `@acme/a`, `@acme/b`, `docs`',
    });
  });

  it('are refused when two have one name, and when one that is published is broken', async () => {
    const twice = await workspaceOf({ ...files, 'packages/c/package.json': manifest({ name: '@acme/b' }) });
    await expect(membersOf(twice, 'all')).rejects.toMatchObject({ code: 'E_PROJECT' });
    const broken = await workspaceOf({ ...files, 'packages/c/package.json': '{"private": tru' });
    await expect(membersOf(broken, 'all')).rejects.toMatchObject({ code: 'E_PROJECT' });
  });

  it('are none where there is no workspace', async () => {
    const folder = await folderWith();
    await addFiles(folder, { 'package.json': manifest({ name: 'alone' }) });
    expect(await membersOf(folder, 'all')).toBeUndefined();
  });

  it('say what their users install with them, by the name the registry knows', async () => {
    const root = await workspaceOf({
      'packages/a/package.json': manifest({
        name: 'a',
        dependencies: { alias: 'npm:@acme/b@^1', c: '*' },
        optionalDependencies: { d: '1' },
        peerDependencies: { e: '1', c: '1' },
        devDependencies: { f: '1' },
      }),
    });
    const ecosystem = npmEcosystemIn(root);
    const members = await ecosystem.openMembers(root, 'all');
    expect(members?.projects[0]?.dependencies).toEqual(['@acme/b', 'c', 'd', 'e']);
  });
});

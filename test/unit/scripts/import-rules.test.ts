import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freshHome } from '../../support/fresh-home.ts';
import { pinnedNode, root } from '../../support/places.ts';
import { run } from '../../support/processes.ts';

const cruiser = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');

interface Cruise {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { readonly rule: { readonly name: string } }[];
  };
}

async function cruise(cwd: string, folders: readonly string[]): Promise<Cruise['summary']> {
  await using home = await freshHome();
  const config = join(root, '.dependency-cruiser.mjs');
  const args = [cruiser, '--config', config, '--output-type', 'json', ...folders];
  const { stdout } = await run(pinnedNode, args, { cwd, env: home.env });
  return (JSON.parse(stdout) as Cruise).summary;
}

async function sourceFiles(folder: string): Promise<number> {
  const files = await readdir(join(root, folder), { recursive: true });
  return files.filter((file) => file.endsWith('.ts')).length;
}

/** Without a parser it would read no module, find nothing wrong and be content. */
test('the check of the imports reads every source file', async () => {
  const folders = ['bin', 'src', 'registry/bin', 'registry/src'];
  const { totalCruised } = await cruise(root, folders);
  const written = (await Promise.all(folders.map(sourceFiles))).reduce((sum, count) => sum + count, 0);
  expect(written).toBeGreaterThan(100);
  expect(totalCruised).toBeGreaterThanOrEqual(written);
});

/** The rules inside of the registry; those of the client are in `structure.test.ts`. */
test.each([
  ['store-is-the-floor', 'registry/src/store/blobs.ts', 'registry/src/releases/publish.ts'],
  ['releases-know-no-protocol', 'registry/src/releases/publish.ts', 'registry/src/protocols/npm/publish.ts'],
  ['protocols-apart', 'registry/src/protocols/npm/publish.ts', 'registry/src/protocols/pub/upload.ts'],
])('the rule %s catches a type import', async (rule, from, to) => {
  await using home = await freshHome();
  const upwards = '../'.repeat(from.split('/').length - 1);
  await home.file(from, `import type { Thing } from '${upwards}${to}';\nexport type Same = Thing;\n`);
  await home.file(to, 'export interface Thing { readonly one: 1 }\n');
  const { violations } = await cruise(home.path, [from.split('/')[0] as string, to.split('/')[0] as string]);
  expect(violations.map((violation) => violation.rule.name)).toContain(rule);
});

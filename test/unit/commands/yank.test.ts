import { expect, test } from 'vitest';
import type { Proofs } from '../../../src/ecosystems/proofs.ts';
import type { Registry, Yanking } from '../../../src/ecosystems/registry.ts';
import { SecondFactorRequired } from '../../../src/second-factor/challenge.ts';
import { run } from '../../support/run.ts';
import { memoryCredentials, scriptedRegistries, scriptedRegistry } from '../../support/scripted-context.ts';

function at(registry: Partial<Registry>) {
  return {
    registries: scriptedRegistries(),
    credentials: memoryCredentials('token'),
    connect: async () => scriptedRegistry(registry),
  };
}

test('yank takes a version out of use, and --undo puts it back', async () => {
  const asked: Yanking[] = [];
  const yank = async (_proofs: Proofs, yanking: Yanking) => void asked.push(yanking);
  const yanked = await run('yank tool@1.0.0', at({ yank }));
  expect(yanked).toMatchObject({ exitCode: 0, stdout: '' });
  expect(yanked.stderr).toBe('      Yanked tool@1.0.0 at https://registry.example\n');
  const undone = await run('yank tool@1.0.0 --undo --json', at({ yank }));
  expect(JSON.parse(undone.stdout)).toMatchObject({ name: 'tool', version: '1.0.0', yanked: false });
  expect(asked.map(({ undo }) => undo)).toEqual([false, true]);
});

test('yank asks for a code where the registry does', async () => {
  const codes: (string | undefined)[] = [];
  const yank = async ({ oneTimePassword }: Proofs) => {
    codes.push(oneTimePassword?.expose());
    if (oneTimePassword === undefined) throw new SecondFactorRequired({ kind: 'missing', text: 'to yank' });
  };
  const answers = [['one-time password', '123456']] as const;
  expect((await run('yank tool@1.0.0', { ...at({ yank }), answers })).exitCode).toBe(0);
  expect(codes).toEqual([undefined, '123456']);
});

test('yank wants a version', async () => {
  const { exitCode, stderr } = await run('yank tool', {});
  expect(exitCode).toBe(2);
  expect(stderr).toContain('such as `tool@1.0.0`');
});

test('search prints a line for each package, and how many more there are', async () => {
  const packages = [
    { name: 'tool', version: '1.0.0', description: 'does\nthings' },
    { name: 'tools-of-others', version: undefined, description: undefined },
  ];
  const search = async () => ({ total: 7, packages });
  const { stdout, stderr } = await run('search tool --limit 2', at({ search }));
  expect(stdout).toBe('tool@1.0.0       does things\ntools-of-others\n');
  expect(stderr).toBe('2 of 7: `--limit` prints more.\n');
  expect(JSON.parse((await run('search tool --json', at({ search }))).stdout)).toMatchObject({ total: 7 });
  expect((await run('search tool --limit 0', {})).exitCode).toBe(2);
  const none = await run('search nothing', at({ search: async () => ({ total: 0, packages: [] }) }));
  expect([none.stdout, none.stderr]).toEqual(['', 'Nothing was found.\n']);
});

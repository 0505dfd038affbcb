import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../../src/commands/index.ts';
import { run } from '../../support/run.ts';
import { contextWith } from '../../support/scripted-context.ts';

/** Every command as it is typed, groups included. */
function commandLines(command: Command, words: readonly string[] = []): string[] {
  const own = words.join(' ');
  return [own, ...command.commands.flatMap((child) => commandLines(child, [...words, child.name()]))];
}

const lines = commandLines(createProgram(contextWith({}), '0.0.0'));

describe('help', () => {
  it.each(lines)('of `pub %s` is what was agreed on, with an example', async (line) => {
    const { exitCode, stdout, stderr } = await run(`${line} --help`);
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain('Example: pub ');
    const file = line === '' ? 'pub' : line.replaceAll(' ', '-');
    await expect(stdout).toMatchFileSnapshot(`help/${file}.txt`);
  });

  it('is given for no arguments, and for a group alone', async () => {
    expect(await run('')).toEqual(await run('--help'));
    expect(await run('owner')).toEqual(await run('owner --help'));
    expect(await run('help publish')).toEqual(await run('publish --help'));
  });

  it('is also JSON', async () => {
    expect(JSON.parse((await run('--json')).stdout)).toEqual({ help: (await run('')).stdout.trimEnd() });
  });

  it('shows an example that the program understands', async () => {
    for (const line of lines) {
      const { stdout } = await run(`${line} --help`);
      const example = /Example: pub (.+?)( &&|$)/m.exec(stdout)?.[1] ?? '';
      const { stderr } = await run(example);
      expect(stderr, example).not.toContain('--help to see how it is used');
    }
  });
});

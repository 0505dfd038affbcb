import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { pinnedNode, root } from '../support/places.ts';
import { run } from '../support/processes.ts';
import { openTerminal, type TerminalWindow } from '../support/tmux.ts';
import { program } from '../support/tools.ts';

const lacking = program('tmux');
if (process.env['CI'] && lacking !== undefined) throw new Error(lacking);

const script = join(root, 'test', 'support', 'terminal-script.ts');
const opened: (TerminalWindow | FreshHome)[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

/** The home's `NO_COLOR` is taken out, unless the test puts it back. */
async function scene(name: string, env: Record<string, string> = {}, redirection = '') {
  const home = await freshHome();
  opened.push(home);
  const { NO_COLOR: _, ...rest } = home.env;
  const command = ['/bin/sh', '-c', `"$0" "$1" ${name} ${redirection}`, pinnedNode, script];
  const window = await openTerminal(command, { env: { ...rest, ...env }, cwd: home.path });
  opened.push(window);
  return { home, window };
}

describe.skipIf(lacking !== undefined)('in a terminal', () => {
  test('a secret prompt shows no secret, and leaves stdout to the data', async () => {
    const { home, window } = await scene('secret', {}, '> data.txt');
    expect(await window.waitFor('Password:')).not.toContain('toggle');
    await window.type('hunter2');
    await window.press('C-t');
    await wait(300);
    expect(await window.screen()).not.toContain('hunter2');
    await window.press('Enter');
    expect(await window.exitCode()).toBe(0);
    const screen = await window.screen();
    expect(screen).toContain('Password:');
    expect(screen).not.toMatch(/hunter2|\*{3}/);
    expect(await readFile(join(home.path, 'data.txt'), 'utf8')).toBe('length 7\n');
  });

  test('a text prompt shows what is typed, and its own text cannot clear the screen', async () => {
    const { window } = await scene('text');
    await window.waitFor('User name:');
    await window.type('alice');
    await window.press('Enter');
    await window.waitFor('hello alice');
    expect(await window.exitCode()).toBe(0);
  });

  test('a bare return does not confirm, y does', async () => {
    const { window } = await scene('confirm');
    await window.waitFor('Sure?');
    await window.press('Enter');
    await window.waitFor(/^false$/m);
    const second = await scene('confirm');
    await second.window.waitFor('Sure?');
    await second.window.type('y');
    await second.window.press('Enter');
    await second.window.waitFor(/^true$/m);
  });

  test.each(['secret', 'text', 'confirm'])(
    'Ctrl-C ends the %s prompt with 130 and no stack',
    async (name) => {
      const { window } = await scene(name);
      await window.waitFor(/\?/);
      await window.type('hun');
      await window.press('C-c');
      expect(await window.exitCode()).toBe(130);
      expect(await window.screen()).toContain('error: interrupted before an answer was given');
      expect(await window.screen()).not.toMatch(/\bat .*\.ts/);
    },
  );

  test('an input that ends is an interruption and no endless wait', async () => {
    const { window } = await scene('secret', {}, '< /dev/null');
    expect(await window.exitCode()).toBe(130);
  });

  test('colour is used, and NO_COLOR is honoured', async () => {
    const colored = await scene('colors');
    await colored.window.waitFor('careful');
    expect(await colored.window.coloredScreen()).toContain('\u001b[1m\u001b[32m      Packed');
    const plain = await scene('colors', { NO_COLOR: '1' });
    await plain.window.waitFor('careful');
    expect(await plain.window.coloredScreen()).not.toContain('\u001b[');
  });

  test('a long transfer has one line that tells how far it is, and is gone at the end', async () => {
    const { window } = await scene('progress', { NO_COLOR: '1' });
    await window.waitFor(/^Uploading \d+% \(\d\.\d MB of 10\.0 MB, \d\.\d MB\/s\)$/m);
    expect(await window.exitCode()).toBe(0);
    expect((await window.screen()).trim()).toMatch(/^Uploaded it/);
  });

  test('a QR code fits the screen', async () => {
    const { window } = await scene('qr', { NO_COLOR: '1' });
    expect(await window.exitCode()).toBe(0);
    const lines = (await window.screen()).split('\n').filter((line) => /[▀▄█]/.test(line));
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.length).toBeLessThan(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(60);
  });
});

test('a pipe that closes early ends in silence', async () => {
  const home = await freshHome();
  opened.push(home);
  const command = '"$0" "$1" lines | head -n 1';
  const { stdout, stderr } = await run('/bin/sh', ['-c', command, pinnedNode, script], { env: home.env });
  expect([stdout, stderr]).toEqual(['line 0\n', '']);
});

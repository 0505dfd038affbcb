import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createPageOpener } from '../../../src/terminal/browser.ts';

const folders: string[] = [];
const path = process.env['PATH'] ?? '';
afterEach(async () => {
  process.env['PATH'] = path;
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

/** A program of that name, first in PATH, that writes down how it was called. */
async function fakeProgram(name: string): Promise<() => Promise<string | undefined>> {
  const folder = await mkdtemp(join(tmpdir(), 'pub-browser-'));
  folders.push(folder);
  await writeFile(
    join(folder, name),
    `#!/bin/sh\nprintf '%s\\n' "$#" "$@" $PUB_TOKEN $NPM_TOKEN $XAUTHORITY > "${folder}/call"\n`,
  );
  await chmod(join(folder, name), 0o755);
  process.env['PATH'] = [folder, path].join(delimiter);
  return async () => {
    for (let tries = 0; tries < 50; tries += 1) {
      const call = await readFile(join(folder, 'call'), 'utf8').catch(() => '');
      if (call !== '') return call;
      await sleep(20);
    }
    return undefined;
  };
}

const withPath = (more: Record<string, string>) => ({ PATH: process.env['PATH'], ...more });
const url = 'https://registry.example/-/web/approve/a?b=c&d=$(touch /nowhere);`id`';

describe('opening a page', () => {
  it('hands the address over as one argument, whatever is in it', async () => {
    const call = await fakeProgram('xdg-open');
    await createPageOpener({ environment: withPath({ DISPLAY: ':0' }), platform: 'linux' })(url);
    expect(await call()).toBe(`1\n${url}\n`);
  });

  it('gives the browser what it needs of the environment, and no credential', async () => {
    const call = await fakeProgram('xdg-open');
    const environment = withPath({ DISPLAY: ':0', PUB_TOKEN: 'a', NPM_TOKEN: 'b', XAUTHORITY: 'c' });
    await createPageOpener({ environment, platform: 'linux' })(url);
    expect(await call()).toBe(`1\n${url}\nc\n`);
  });

  it('uses the system’s own way on macOS', async () => {
    const call = await fakeProgram('open');
    await createPageOpener({ environment: withPath({}), platform: 'darwin' })(url);
    expect(await call()).toBe(`1\n${url}\n`);
  });

  it('opens nothing over SSH, where the screen is another one', async () => {
    const call = await fakeProgram('xdg-open');
    const environment = withPath({ DISPLAY: ':10', SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' });
    await createPageOpener({ environment, platform: 'linux' })(url);
    expect(await call()).toBeUndefined();
  });

  it('opens nothing without a display', async () => {
    const call = await fakeProgram('xdg-open');
    await createPageOpener({ environment: withPath({}), platform: 'linux' })(url);
    expect(await call()).toBeUndefined();
  });

  it('does not fail where there is no such program', async () => {
    process.env['PATH'] = '';
    await expect(
      createPageOpener({ environment: withPath({ DISPLAY: ':0' }), platform: 'linux' })(url),
    ).resolves.toBeUndefined();
  });
});

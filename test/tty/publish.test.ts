import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type AccountWithFactor, signUpWithFactor } from '../support/accounts.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { builtClient, pinnedNode } from '../support/places.ts';
import { run } from '../support/processes.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';
import { openTerminal, type TerminalWindow } from '../support/tmux.ts';
import { program } from '../support/tools.ts';

/** Publishing as a person sees it: what is shown, what is asked, and what has happened until then. */
const lacking = program('tmux');
if (process.env['CI'] && lacking !== undefined) throw new Error(lacking);

let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

interface Desk {
  readonly home: FreshHome;
  readonly project: string;
  readonly packageName: string;
  readonly account: AccountWithFactor;
  readonly env: Readonly<Record<string, string>>;
  pub(
    args: readonly string[],
    options?: { env?: Record<string, string>; columns?: number },
  ): Promise<TerminalWindow>;
}

interface DeskOptions {
  readonly account: string;
  readonly files?: Readonly<Record<string, string>>;
}

/** A person with a factor, and a project to publish. The home's `NO_COLOR` is taken out. */
async function desk({ account: name, files = {} }: DeskOptions): Promise<Desk> {
  const [home, account] = await Promise.all([freshHome(), signUpWithFactor(registry.url, name)]);
  opened.push(home);
  const packageName = `@${name}/tool`;
  const all = {
    'package.json': JSON.stringify({ name: packageName, version: '1.0.0' }),
    'index.js': 'export const tool = true;\n',
    ...files,
  };
  for (const [path, content] of Object.entries(all)) await home.file(`project/${path}`, content);
  const project = join(home.path, 'project');
  const { NO_COLOR: _, ...rest } = home.env;
  const env = { ...rest, PUB_TOKEN: account.token, PUB_REGISTRY: registry.url };
  return {
    ...{ home, project, packageName, account, env },
    async pub(args, { env: more = {}, columns = 80 } = {}) {
      const command = [pinnedNode, builtClient, ...args];
      const window = await openTerminal(command, { env: { ...env, ...more }, cwd: project, columns });
      opened.push(window);
      return window;
    },
  };
}

async function isPublic({ packageName }: Desk): Promise<boolean> {
  return (await fetch(`${registry.url}/${packageName.replace('/', '%2f')}`)).status === 200;
}

/** The temporary folders of `pub` that are still there. */
async function leftovers({ home }: Desk): Promise<string[]> {
  return (await readdir(home.env['TMPDIR'] ?? '')).filter((name) => name.startsWith('pub-'));
}

async function answer(window: TerminalWindow, text: string): Promise<void> {
  await window.type(text);
  await window.press('Enter');
}

/** What changes from run to run is left out, and so is tmux's own last line. */
function redacted(screen: string): string {
  return screen
    .replaceAll(registry.url, '<registry>')
    .replace(/[0-9a-f]{64}/, '<sha256>')
    .replace(/\d+ B \(/, '<size> (')
    .replace(/Pane is dead.*/, '')
    .trimEnd();
}

const codeAsked = /\? one-time password/;

describe.skipIf(lacking !== undefined)('pub publish', () => {
  test('shows what will be sent, asks for the code, and only then sends it', async () => {
    const at = await desk({ account: 'ada' });
    const window = await at.pub(['publish']);
    const asked = await window.waitFor(codeAsked);
    expect(asked.indexOf('sha256')).toBeLessThan(asked.indexOf('one-time password'));
    expect(await isPublic(at)).toBe(false);
    expect(await leftovers(at)).toHaveLength(1);
    const code = await at.account.authenticator.nextCode();
    await answer(window, code);
    expect(await window.exitCode()).toBe(0);
    const screen = await window.screen();
    expect(screen).not.toContain(code);
    expect(redacted(screen)).toMatchInlineSnapshot(`
      "    Packaged @ada/tool@1.0.0
          26 B  index.js
          38 B  package.json
      files     2 files
      size      <size> (64 B unpacked)
      sha256    <sha256>
      tag       latest
      registry  <registry>
      account   ada (PUB_TOKEN)
      ✔ one-time password, or Enter to approve in a browser (to
        publish @ada/tool@1.0.0) 
      The registry says: @ada/tool has a single owner: add another one, so that it does not depend on one account
         Published @ada/tool@1.0.0 to <registry>
      + @ada/tool@1.0.0"
    `);
    expect(await isPublic(at)).toBe(true);
    expect(await leftovers(at)).toEqual([]);
  });

  test('a wrong code is asked for once more, and nothing is public in between', async () => {
    const at = await desk({ account: 'bea' });
    const window = await at.pub(['publish']);
    await window.waitFor(codeAsked);
    await answer(window, at.account.authenticator.wrongCode());
    await window.waitFor('is wrong');
    expect(await isPublic(at)).toBe(false);
    await answer(window, await at.account.authenticator.nextCode());
    expect(await window.exitCode()).toBe(0);
    expect(await isPublic(at)).toBe(true);
  });

  test('two wrong codes end it', async () => {
    const at = await desk({ account: 'cleo' });
    const window = await at.pub(['publish']);
    await window.waitFor(codeAsked);
    await answer(window, at.account.authenticator.wrongCode());
    await window.waitFor('is wrong');
    await answer(window, at.account.authenticator.wrongCode());
    expect(await window.exitCode()).toBe(1);
    expect(await window.screen()).toContain('error: the one-time password was not accepted');
    expect(await isPublic(at)).toBe(false);
  });

  test('Ctrl-C where the code is asked for ends it with 130, nothing public and nothing left', async () => {
    const at = await desk({ account: 'dora' });
    const window = await at.pub(['publish']);
    await window.waitFor(codeAsked);
    await window.type('123');
    await window.press('C-c');
    expect(await window.exitCode()).toBe(130);
    expect(await window.screen()).toContain('error: interrupted before an answer was given');
    expect(await isPublic(at)).toBe(false);
    expect(await leftovers(at)).toEqual([]);
  });

  test.each([
    ['SIGTERM', 'gus'],
    ['SIGHUP', 'hal'],
  ] as const)('%s where the code is asked for does the same', async (signal, account) => {
    const at = await desk({ account });
    const window = await at.pub(['publish']);
    await window.waitFor(codeAsked);
    await window.signal(signal);
    expect(await window.exitCode()).toBe(130);
    expect(await window.screen()).toContain('error: interrupted');
    expect(await isPublic(at)).toBe(false);
    expect(await leftovers(at)).toEqual([]);
  });

  test('a dangerous file is asked about, and a bare return keeps it at home', async () => {
    const at = await desk({ account: 'elsa', files: { '.env': 'PASSWORD=secret\n' } });
    const window = await at.pub(['publish']);
    const asked = await window.waitFor('Publish it all the same?');
    expect(asked).toMatch(/warning: `\.env` usually holds secrets\n.*\(y\/N\)/);
    await window.press('Enter');
    expect(await window.exitCode()).toBe(1);
    expect(
      redacted(await window.screen())
        .split('\n')
        .slice(-3),
    ).toMatchInlineSnapshot(`
      [
        "✔ Publish it all the same? No",
        "error: not publishing \`@elsa/tool@1.0.0\`: \`.env\` usually holds secrets",
        "hint: leave it out with "files" in package.json or an ignore file, or pass --yes if it belongs there",
      ]
    `);
    expect(await isPublic(at)).toBe(false);
    expect(await leftovers(at)).toEqual([]);
  });

  test('a dangerous file that belongs there is published after a yes', async () => {
    const at = await desk({ account: 'fay', files: { '.env': 'PORT=80\n' } });
    const window = await at.pub(['publish']);
    await window.waitFor('Publish it all the same?');
    await answer(window, 'y');
    await window.waitFor(codeAsked);
    await answer(window, await at.account.authenticator.nextCode());
    expect(await window.exitCode()).toBe(0);
  });

  test('a narrow terminal shows it all, and what was typed does not appear', async () => {
    const at = await desk({ account: 'gina' });
    const window = await at.pub(['publish'], { columns: 60 });
    const screen = await window.waitFor(codeAsked);
    expect(screen).toMatch(/^sha256 {4}[0-9a-f]{64}$/m);
    await answer(window, await at.account.authenticator.nextCode());
    expect(await window.exitCode()).toBe(0);
    expect(await window.screen()).not.toMatch(/\b\d{6}\b/);
  });
});

describe.skipIf(lacking !== undefined)('the colours of pub publish', () => {
  const dryRun = async (at: Desk, env: Record<string, string>) => {
    const window = await at.pub(['publish', '--dry-run'], { env });
    expect(await window.exitCode()).toBe(0);
    return (await window.coloredScreen()).replace(/Pane is dead.*/, '');
  };
  const colour = '\u001b[';

  test('are there in a terminal, and gone where they are not wanted', async () => {
    const at = await desk({ account: 'hedy' });
    expect(await dryRun(at, {})).toContain(`${colour}1m${colour}32m    Packaged${colour}0m`);
    expect(await dryRun(at, { NO_COLOR: '1' })).not.toContain(colour);
    expect(await dryRun(at, { NO_COLOR: '1', FORCE_COLOR: '1' })).toContain(colour);
  });

  test('stay out of a question, too, where they are not wanted', async () => {
    const at = await desk({ account: 'ida' });
    const window = await at.pub(['publish'], { env: { NO_COLOR: '1' } });
    await window.waitFor(codeAsked);
    expect(await window.coloredScreen()).not.toContain(colour);
  });

  test('stay out of pipes, unless they are forced', async () => {
    const at = await desk({ account: 'joan' });
    const piped = async (env: Record<string, string>) => {
      const args = [builtClient, 'publish', '--dry-run'];
      return await run(pinnedNode, args, { env: { ...at.env, ...env }, cwd: at.project });
    };
    expect((await piped({})).stderr).not.toContain(colour);
    expect((await piped({ FORCE_COLOR: '1' })).stderr).toContain(colour);
    expect((await piped({ FORCE_COLOR: '1' })).stdout).not.toContain(colour);
  });

  test('stay out of a terminal that calls itself dumb', async () => {
    const at = await desk({ account: 'kay' });
    // tmux sets TERM by itself.
    const command = ['/bin/sh', '-c', 'TERM=dumb "$0" "$1" publish', pinnedNode, builtClient];
    const window = await openTerminal(command, { env: at.env, cwd: at.project });
    opened.push(window);
    await window.waitFor(codeAsked);
    await answer(window, await at.account.authenticator.nextCode());
    expect(await window.exitCode()).toBe(0);
    expect(redacted(await window.coloredScreen())).not.toContain(colour);
  });
});

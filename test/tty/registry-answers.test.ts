import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type Answer, type FakeRegistry, json, startFakeRegistry } from '../support/fake-registry.ts';
import { freshHome } from '../support/fresh-home.ts';
import { builtClient, pinnedNode } from '../support/places.ts';
import { openTerminal, type TerminalWindow } from '../support/tmux.ts';
import { program } from '../support/tools.ts';

/** What a registry does to the screen of somebody who publishes: as little as it should. */
const lacking = program('tmux');
if (process.env['CI'] && lacking !== undefined) throw new Error(lacking);

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

interface Publishing {
  readonly routes: Readonly<Record<string, Answer>>;
  /** Bytes of a file that does not compress. */
  readonly fileSize?: number;
}

async function publishing(
  setting: Publishing,
): Promise<TerminalWindow & { readonly registry: FakeRegistry }> {
  const { routes, fileSize = 0 } = setting;
  const [registry, home] = await Promise.all([startFakeRegistry(routes), freshHome()]);
  opened.push(registry, home);
  await home.file('project/package.json', JSON.stringify({ name: 'tool', version: '1.0.0' }));
  await writeFile(join(home.path, 'project', 'data.bin'), randomBytes(fileSize));
  const env = { ...home.env, PUB_TOKEN: 'a-token', PUB_REGISTRY: registry.url };
  const window = await openTerminal([pinnedNode, builtClient, 'publish'], {
    env,
    cwd: join(home.path, 'project'),
  });
  opened.push(window);
  return { ...window, registry };
}

const preflight = 'POST /-/pub/v1/preflight';
const upload = 'PUT /-/pub/v1/releases/npm/tool/1.0.0';

function accepts(needsCode = false): Answer {
  return json(200, {
    account: 'alice',
    second_factor: { required: needsCode, enrolled: needsCode, methods: needsCode ? ['totp'] : [] },
    releases: [{ name: 'tool', version: '1.0.0', decision: 'accept' }],
  });
}

/** Reads a little at a time, so that an upload takes a few seconds, and then accepts it. */
const slowly: Answer = async (request, response) => {
  const digest = /sha-256=:(.+):/.exec(String(request.headers['content-digest']))?.[1] ?? '';
  try {
    for await (const _ of request) await wait(6);
  } catch (error) {
    // A client that is interrupted hangs up.
    if (request.destroyed) return;
    throw error;
  }
  response.writeHead(201, { 'content-type': 'application/json' });
  const sha256 = Buffer.from(digest, 'base64').toString('hex');
  response.end(JSON.stringify({ name: 'tool', version: '1.0.0', state: 'published', sha256 }));
};

/** Would clear the screen, forge a success, hide what follows, and rename the window. */
const hostile =
  '\u001b[2J\u001b[H\u001b[32mPublished\u001b[0m \u001b]0;owned\u0007\u009b8m\r+ tool@9.9.9\u202e';

describe.skipIf(lacking !== undefined)('pub publish', () => {
  test('a code that is needed is asked for before a byte of the archive is sent', async () => {
    const window = await publishing({ routes: { [preflight]: accepts(true), [upload]: slowly } });
    await window.waitFor('? one-time password');
    expect(window.registry.requests).toEqual([preflight]);
    await window.type('123456');
    await window.press('Enter');
    expect(await window.exitCode()).toBe(0);
    expect(window.registry.requests).toEqual([preflight, upload]);
  });

  test('an upload that takes long has one line that tells how far it is, and is gone at the end', async () => {
    const window = await publishing({
      routes: { [preflight]: accepts(), [upload]: slowly },
      fileSize: 24_000_000,
    });
    const during = await window.waitFor(/^Uploading \d+% \(\d+\.\d MB of 24\.0 MB, \d+\.\d MB\/s\)$/m);
    expect(during.match(/Uploading/g)).toHaveLength(1);
    expect(await window.exitCode()).toBe(0);
    const screen = await window.screen();
    expect(screen).not.toContain('Uploading');
    expect(screen).toMatch(/^ {3}Published tool@1\.0\.0 to /m);
  });

  test('Ctrl-C during an upload takes its line away, and says that it was interrupted', async () => {
    const window = await publishing({
      routes: { [preflight]: accepts(), [upload]: slowly },
      fileSize: 24_000_000,
    });
    await window.waitFor(/^Uploading \d+%/m);
    await window.press('C-c');
    expect(await window.exitCode()).toBe(130);
    const screen = await window.screen();
    expect(screen).not.toContain('Uploading');
    expect(screen).toContain('error: interrupted');
  });

  test('a refusal full of escape sequences is one line of text', async () => {
    const refuses = json(403, { error: hostile, message: hostile, code: 'not_owner' });
    const window = await publishing({ routes: { [preflight]: refuses } });
    expect(await window.exitCode()).toBe(1);
    const screen = await window.screen();
    expect(screen).toMatch(/^ {4}Packaged tool@1\.0\.0$/m);
    expect(screen).toMatch(/^caused by: 403: .*Published.*\+ tool@9\.9\.9$/m);
    expect(await window.coloredScreen()).not.toContain('\u001b[32m');
  });

  test('neither is a challenge at the prompt more than text', async () => {
    const challenge = json(401, { error: hostile, code: 'otp_required' }, { 'www-authenticate': 'otp' });
    const window = await publishing({ routes: { [preflight]: accepts(), [upload]: challenge } });
    const screen = await window.waitFor('? one-time password (');
    expect(screen).toMatch(/^ {4}Packaged tool@1\.0\.0$/m);
    expect(screen.replaceAll('\n', '')).toMatch(/\? one-time password \(.*Published.*tool@9\.9\.9\)/);
    expect(await window.coloredScreen()).not.toContain('\u001b[32mPublished');
    await window.press('C-c');
    expect(await window.exitCode()).toBe(130);
  });
});

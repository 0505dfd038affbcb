import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, signUp, signUpWithFactor } from '../support/accounts.ts';
import { sha256 } from '../support/archives.ts';
import { type CommandOptions, pub } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { builtClient, pinnedNode } from '../support/places.ts';
import { collect, type Finished, startProcess } from '../support/processes.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';
import { stallingProxy } from '../support/stalling-proxy.ts';

/** What is published, once and again, whole and interrupted. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

class Project {
  readonly home: FreshHome;
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;

  constructor(home: FreshHome, account: Account) {
    this.home = home;
    this.name = `by-${account.name}`;
    this.env = { PUB_TOKEN: account.token, PUB_REGISTRY: registry.url };
  }

  get folder(): string {
    return join(this.home.path, 'project');
  }

  async manifest(more: Record<string, unknown> = {}): Promise<void> {
    const manifest = { name: this.name, version: '1.0.0', ...more };
    await this.home.file('project/package.json', JSON.stringify(manifest));
  }

  pub(args: readonly string[], { env, ...rest }: CommandOptions = {}): Promise<Finished> {
    return pub(this.home).run(args, { cwd: this.folder, ...rest, env: { ...this.env, ...env } });
  }

  async json(args: readonly string[], options?: CommandOptions): Promise<Record<string, unknown>> {
    return JSON.parse((await this.pub([...args, '--json'], options)).stdout) as Record<string, unknown>;
  }

  /** What the registry hands to whoever installs it. */
  async archive(version = '1.0.0'): Promise<Buffer> {
    const packument = (await (await fetch(`${registry.url}/${this.name}`)).json()) as {
      versions: Record<string, { dist: { tarball: string } }>;
    };
    const answer = await fetch(packument.versions[version]?.dist.tarball ?? '');
    return Buffer.from(await answer.arrayBuffer());
  }

  async isPublic(): Promise<boolean> {
    return (await fetch(`${registry.url}/${this.name}`)).status === 200;
  }

  async leftovers(): Promise<string[]> {
    return (await readdir(this.home.env['TMPDIR'] ?? '')).filter((name) => name.startsWith('pub-'));
  }
}

async function project(home: FreshHome, account: Account): Promise<Project> {
  const made = new Project(home, account);
  await made.manifest();
  await home.file('project/index.js', 'export const tool = true;\n');
  return made;
}

describe('an archive', () => {
  test('is the same from package, from publish of the folder and from publish of the file', async () => {
    await using home = await freshHome();
    const tool = await project(home, await signUp(registry.url, 'alice'));
    const packed = await tool.json(['package', '--out', home.path]);
    const file = String(packed['path']);
    const bytes = await readFile(file);
    const digest = sha256(bytes);
    expect(packed).toMatchObject({ size: bytes.length, digests: { sha256: digest } });
    expect(await tool.json(['publish', '--dry-run'])).toMatchObject({ digests: { sha256: digest } });

    expect(await tool.json(['publish', file])).toMatchObject({ digests: { sha256: digest }, dryRun: false });
    expect(await tool.archive()).toEqual(bytes);
    const again = await tool.json(['publish']);
    expect(again).toMatchObject({ digests: { sha256: digest }, alreadyPublished: true });
  });

  test('with other contents under a taken version is refused before it is sent', async () => {
    await using home = await freshHome();
    const tool = await project(home, await signUp(registry.url, 'bea'));
    expect((await tool.pub(['publish'])).code).toBe(0);
    await home.file('project/index.js', 'export const tool = false;\n');
    const { code, stdout, stderr } = await tool.pub(['publish']);
    expect([code, stdout, stderr.replaceAll(registry.url, '<registry>')]).toMatchInlineSnapshot(`
      [
        1,
        "",
        "    Packaged by-bea@1.0.0
      error: failed to publish \`by-bea@1.0.0\` to <registry>
      caused by: version_exists: version 1.0.0 of by-bea is already published, and a version is never replaced
      hint: raise the version in the manifest
      ",
      ]
    `);
  });

  test('is made by scripts that say what they like, which is no part of the result', async () => {
    await using home = await freshHome();
    const tool = await project(home, await signUp(registry.url, 'cleo'));
    await tool.manifest({ scripts: { prepack: 'echo loud', postpublish: 'echo louder' } });
    const { stdout, stderr } = await tool.pub(['publish', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'by-cleo', dryRun: false });
    expect(stderr).toMatch(/^loud$/m);
    expect(stderr).toMatch(/^louder$/m);
  });
});

describe('a publish that is interrupted in the middle of the upload', () => {
  async function interrupt(tool: Project, signal: NodeJS.Signals, code: string) {
    await writeFile(join(tool.folder, 'data.bin'), randomBytes(8_000_000));
    await using proxy = await stallingProxy(registry.port, 1_000_000);
    const child = startProcess(pinnedNode, [builtClient, 'publish'], {
      cwd: tool.folder,
      env: { ...tool.home.env, ...tool.env, PUB_REGISTRY: proxy.url, PUB_OTP: code },
    });
    const output = collect(child);
    const closed = once(child, 'close');
    await Promise.race([proxy.stalled, closed]);
    child.kill(signal);
    return { ended: await closed, stderr: output.stderr() };
  }

  test.each<[NodeJS.Signals, string, [number | null, string | null]]>([
    ['SIGINT', 'ida', [130, null]],
    ['SIGTERM', 'joan', [130, null]],
    ['SIGKILL', 'kay', [null, 'SIGKILL']],
  ])('by %s can be repeated at once, with the same code', async (signal, name, ending) => {
    await using home = await freshHome();
    const account = await signUpWithFactor(registry.url, name);
    const tool = await project(home, account);
    const code = await account.authenticator.nextCode();
    const { ended, stderr } = await interrupt(tool, signal, code);
    expect(ended, stderr).toEqual(ending);
    expect(await tool.isPublic()).toBe(false);
    if (signal !== 'SIGKILL') {
      expect(stderr).toContain('error: interrupted');
      expect(await tool.leftovers()).toEqual([]);
    }
    const again = await tool.pub(['publish'], { env: { PUB_OTP: code } });
    expect(again.stderr).toContain('Published');
    expect(again.code).toBe(0);
    expect(await tool.isPublic()).toBe(true);
  });
});

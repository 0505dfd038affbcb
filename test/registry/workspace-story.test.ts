import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AccountWithFactor, signUp, signUpWithFactor } from '../support/accounts.ts';
import { pub } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import { builtClient, pinnedNode } from '../support/places.ts';
import { collect, type Finished, startProcess } from '../support/processes.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';
import { stallingProxy } from '../support/stalling-proxy.ts';

/** Five packages and one code. */
let registry: RunningServer;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

/** What each member needs. The names sort against the order in which they can be published. */
const needs = {
  app: ['left', 'right'],
  left: ['middle'],
  middle: ['zero'],
  right: ['middle'],
  zero: [],
} as const;
type Member = keyof typeof needs;
const order: readonly Member[] = ['zero', 'middle', 'left', 'right', 'app'];

class Workspace {
  readonly home: FreshHome;
  readonly account: AccountWithFactor;

  constructor(home: FreshHome, account: AccountWithFactor) {
    this.home = home;
    this.account = account;
  }

  static async make(home: FreshHome, account: AccountWithFactor): Promise<Workspace> {
    const made = new Workspace(home, account);
    await home.file('work/package.json', JSON.stringify({ private: true, workspaces: ['members/*'] }));
    await home.file('work/members/docs/package.json', JSON.stringify({ name: 'docs', private: true }));
    for (const member of order) await made.member(member);
    return made;
  }

  name(member: string): string {
    return `${this.account.name}-${member}`;
  }

  async member(member: Member, more: Record<string, unknown> = {}): Promise<void> {
    const dependencies = Object.fromEntries(needs[member].map((name) => [this.name(name), '^1.0.0']));
    const manifest = { name: this.name(member), version: '1.0.0', dependencies, ...more };
    await this.home.file(`work/members/${member}/package.json`, JSON.stringify(manifest));
    await this.home.file(`work/members/${member}/index.js`, `export const member = '${member}';\n`);
  }

  get folder(): string {
    return join(this.home.path, 'work');
  }

  get env(): Readonly<Record<string, string>> {
    return { PUB_TOKEN: this.account.token, PUB_REGISTRY: registry.url };
  }

  async publish(...args: readonly string[]): Promise<Finished> {
    const env = { ...this.env, PUB_OTP: await this.account.authenticator.nextCode() };
    return await pub(this.home).run(['publish', '--workspaces', ...args], { cwd: this.folder, env });
  }

  /** The members that are out, in the order of {@link order}. */
  async out(): Promise<readonly Member[]> {
    const found = await Promise.all(
      order.map(async (member) => {
        const answer = await fetch(`${registry.url}/${this.name(member)}`);
        return answer.status === 200 ? member : undefined;
      }),
    );
    return found.filter((member) => member !== undefined);
  }
}

interface Told {
  readonly name: string;
  readonly state: string;
  readonly reason?: string;
}

const states = (members: readonly Told[]) =>
  Object.fromEntries(
    members.map(({ name, state, reason }) => [
      name.slice(name.indexOf('-') + 1),
      reason === undefined ? state : `${state}: ${reason}`,
    ]),
  );

function membersIn({ stdout }: Finished): readonly Told[] {
  const told = JSON.parse(stdout) as { members?: Told[]; error?: { details: { members: Told[] } } };
  return told.members ?? told.error?.details.members ?? [];
}

describe('a workspace of five packages', () => {
  test('is out with one code, each package after what it needs; the next time there is nothing to do', async () => {
    await using home = await freshHome();
    const workspace = await Workspace.make(home, await signUpWithFactor(registry.url, 'ada'));
    const first = await workspace.publish();
    expect(first.stderr).toContain('docs is private: skipped');
    expect(first).toMatchObject({
      code: 0,
      stdout: order.map((member) => `+ ${workspace.name(member)}@1.0.0\n`).join(''),
    });
    expect(await workspace.out()).toEqual(order);

    const again = await workspace.publish('--json');
    expect(again.code).toBe(0);
    expect(states(membersIn(again))).toEqual({
      ...Object.fromEntries(order.map((member) => [member, 'skipped: already-published'])),
      docs: 'skipped: private',
    });
  });

  test('is staged where it is new, skips what is out, and the same command changes nothing', async () => {
    await using home = await freshHome();
    const workspace = await Workspace.make(home, await signUpWithFactor(registry.url, 'sue'));
    expect((await workspace.publish()).code).toBe(0);
    for (const member of ['middle', 'right', 'app'] as const)
      await workspace.member(member, { version: '1.1.0' });
    const staged = {
      ...{ zero: 'skipped: already-published', left: 'skipped: already-published' },
      ...{ middle: 'staged', right: 'staged', app: 'staged', docs: 'skipped: private' },
    };
    for (let count = 0; count < 2; count++) {
      const outcome = await workspace.publish('--stage', '--json');
      expect(outcome.code, outcome.stderr).toBe(0);
      expect(states(membersIn(outcome))).toEqual(staged);
    }
    await workspace.member('zero', { description: 'changed, without a new version' });
    const changed = await workspace.publish('--stage', '--json');
    expect(states(membersIn(changed))).toEqual({ ...staged, zero: 'skipped: version-taken' });
  });

  test('publishes what has a new version, by name or among all, and leaves the rest', async () => {
    await using home = await freshHome();
    const workspace = await Workspace.make(home, await signUpWithFactor(registry.url, 'bob'));
    expect((await workspace.publish()).code).toBe(0);
    await workspace.member('right', { version: '1.1.0' });
    await workspace.home.file('work/members/left/index.js', 'changed, without a new version\n');
    const { code, stdout, stderr } = await workspace.publish();
    expect([code, stdout]).toEqual([0, `+ ${workspace.name('right')}@1.1.0\n`]);
    expect(stderr).toContain(`warning: ${workspace.name('left')}@1.0.0 is skipped, since version_exists`);
  });

  test('killed half-way goes on with the same command', async () => {
    await using home = await freshHome();
    const workspace = await Workspace.make(home, await signUpWithFactor(registry.url, 'cleo'));
    await writeFile(join(workspace.folder, 'members/left/data.bin'), randomBytes(4_000_000));
    await using proxy = await stallingProxy(registry.port, 1_000_000);
    const child = startProcess(pinnedNode, [builtClient, 'publish', '--workspaces'], {
      cwd: workspace.folder,
      env: {
        ...home.env,
        ...workspace.env,
        PUB_REGISTRY: proxy.url,
        PUB_OTP: await workspace.account.authenticator.nextCode(),
      },
    });
    const output = collect(child);
    const closed = once(child, 'close');
    await Promise.race([proxy.stalled, closed]);
    child.kill('SIGKILL');
    expect(await closed, output.stderr()).toEqual([null, 'SIGKILL']);
    expect(await workspace.out()).toEqual(['zero', 'middle']);

    const again = await workspace.publish('--json');
    expect(again.code, again.stderr).toBe(0);
    expect(states(membersIn(again))).toMatchObject({
      zero: 'skipped: already-published',
      middle: 'skipped: already-published',
      left: 'published',
      right: 'published',
      app: 'published',
    });
    expect(await workspace.out()).toEqual(order);
  });

  test('sends nothing when one member would be refused, and says which', async () => {
    await using home = await freshHome();
    const workspace = await Workspace.make(home, await signUpWithFactor(registry.url, 'dora'));
    await using other = await freshHome();
    const owner = await signUp(registry.url, 'eve');
    const taken = { name: workspace.name('right'), version: '0.1.0' };
    await other.file('package.json', JSON.stringify(taken));
    const env = { PUB_TOKEN: owner.token, PUB_REGISTRY: registry.url };
    await pub(other).succeed(['publish'], { env });

    const refused = await workspace.publish('--json');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('Nothing was sent.');
    expect(states(membersIn(refused))).toMatchObject({ zero: 'waiting', right: 'refused: E_FORBIDDEN' });
    expect(await workspace.out()).toEqual(['right']);
  });

  test('that fails in the middle says what is out and what is not, and goes on when it is mended', async () => {
    await using home = await freshHome();
    const workspace = await Workspace.make(home, await signUpWithFactor(registry.url, 'finn'));
    await workspace.member('middle', { scripts: { publish: 'exit 3' } });
    const failed = await workspace.publish();
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/^out {6}finn-zero@1\.0\.0, finn-middle@1\.0\.0$/m);
    expect(failed.stderr).toMatch(/^not out {2}finn-left@1\.0\.0, finn-right@1\.0\.0, finn-app@1\.0\.0$/m);
    expect(await workspace.out()).toEqual(['zero', 'middle']);

    const again = await workspace.publish();
    expect(again.code, again.stderr).toBe(0);
    expect(await workspace.out()).toEqual(order);
  });
});

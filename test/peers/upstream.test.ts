import { mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signUp } from '../support/accounts.ts';
import { npm12, npmrc } from '../support/clients.ts';
import { type FreshHome, freshHome } from '../support/fresh-home.ts';
import {
  closedUnderDependencies,
  type InstalledPackage,
  installedPackages,
  isSmall,
  packAsInstalled,
  withDependencies,
} from '../support/installed-packages.ts';
import { peerFolder, root } from '../support/places.ts';
import { publishArchive } from '../support/publish-archive.ts';
import { type RunningServer, startRegistry } from '../support/servers.ts';

/** A real project of hundreds of real packages, read from one registry through another. */

/** Binaries and the like are left out by their size: they would be most of the bytes, and no other case. */
const largest = 400 * 1024;
const directDependencies = 315;

let second: RunningServer;
let proxy: RunningServer;
let data: string;
let dependencies: Record<string, string>;
beforeAll(async () => {
  second = await startRegistry();
  data = await mkdtemp(join(tmpdir(), 'pub-proxy-'));
  proxy = await startRegistry({ data, args: ['--upstream', second.url, '--registration', 'open'] });
  dependencies = await fill();
}, 120_000);
afterAll(async () => {
  await proxy?.stop();
  await second?.stop();
  await rm(data, { recursive: true, force: true });
});

/** Publishes what the project needs to the second registry, and gives the dependencies of the project. */
async function fill(): Promise<Record<string, string>> {
  const all = await installedPackages([join(root, 'node_modules'), join(peerFolder, 'node_modules')]);
  const small = await Promise.all(all.map(async (one) => ((await isSmall(one, largest)) ? [one] : [])));
  const available = closedUnderDependencies(small.flat());
  const byName = new Map(available.map((one) => [one.name, one]));
  const wanted = [...byName.values()].slice(0, directDependencies);
  // Not all that is out there is taken: a manifest that names a member twice, a name in capital letters.
  const published = closedUnderDependencies(await publishAll(withDependencies(wanted, available)));
  const kept = wanted.filter((one) => published.includes(one));
  return Object.fromEntries(kept.map(({ name, version }) => [name, version]));
}

/** Those that the second registry took. */
async function publishAll(packages: readonly InstalledPackage[]): Promise<InstalledPackage[]> {
  const { token } = await signUp(second.url, 'publisher');
  const waiting = [...packages];
  const published: InstalledPackage[] = [];
  const publishThem = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const archive = await packAsInstalled(next);
      const refusal = await publishArchive(second.url, { ...next, token, archive });
      if (refusal === undefined) published.push(next);
      else expect(['bad_archive', 'bad_request']).toContain(refusal);
    }
  };
  await Promise.all(Array.from({ length: 8 }, publishThem));
  return published;
}

/** The lines of npm's own record of what it installed: name, version, digest and where it came from. */
async function installed(home: FreshHome): Promise<string[]> {
  const text = await readFile(join(home.path, 'project/node_modules/.package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as {
    packages: Record<string, { version: string; integrity: string; resolved: string }>;
  };
  return Object.entries(packages).map(
    ([path, { version, integrity, resolved }]) => `${path} ${version} ${integrity} ${resolved}`,
  );
}

/** What is known of upstream becomes an hour old, as by waiting for it. */
async function age(): Promise<void> {
  const folder = join(data, 'upstream', 'documents');
  const before = new Date(Date.now() - 3_600_000);
  for (const file of await readdir(folder)) await utimes(join(folder, file), before, before);
}

async function install(home: FreshHome): Promise<string[]> {
  await home.file('.npmrc', npmrc(proxy.url));
  await home.file(
    'project/package.json',
    JSON.stringify({ name: 'project', version: '1.0.0', private: true, dependencies }),
  );
  // Peers and packages for other platforms are not in this checkout, so they are not published either.
  const options = ['--ignore-scripts', '--legacy-peer-deps', '--omit=optional'];
  await npm12(home).succeed(['install', ...options], { cwd: join(home.path, 'project') });
  return await installed(home);
}

test('npm installs a project of 300 packages through the registry, and again with upstream gone', async () => {
  const { token } = await signUp(proxy.url, 'alice');
  await using own = await freshHome();
  const manifest = { name: '@alice/own', version: '1.0.0' };
  await own.file('own/package.json', JSON.stringify(manifest));
  const archive = await packAsInstalled({ ...manifest, folder: join(own.path, 'own'), manifest });
  const refusal = await publishArchive(proxy.url, { ...manifest, manifest, token, archive });
  expect(refusal).toBeUndefined();
  dependencies = { ...dependencies, '@alice/own': '1.0.0' };

  await using home = await freshHome();
  const first = await install(home);
  expect(Object.keys(dependencies).length).toBeGreaterThan(300);
  expect(first.length).toBeGreaterThanOrEqual(Object.keys(dependencies).length);
  expect(first.filter((line) => !line.includes(` sha512-`))).toEqual([]);
  expect(first.filter((line) => !line.includes(` ${proxy.url}/`))).toEqual([]);

  await second.stop();
  await age();
  await using later = await freshHome();
  expect(await install(later)).toEqual(first);
  expect(proxy.log()).toContain('serving what it said at');
  expect(proxy.log()).not.toContain('@alice/own');
  expect(proxy.log()).not.toContain(token);
}, 240_000);

/** Publishing a small and a large package to the same registry, with `pub` and with npm 12. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signUp } from '../test/support/accounts.ts';
import { npm12, npmrc, pub } from '../test/support/clients.ts';
import { type FreshHome, freshHome } from '../test/support/fresh-home.ts';
import { peerPackage } from '../test/support/places.ts';
import { startRegistry } from '../test/support/servers.ts';
import { type Contender, comparePaired, printTable } from './paired.ts';

/** A copy of a real package under a name of its own; the version grows before each run. */
function freshVersions(source: string, folder: string, name: string): () => void {
  cpSync(source, folder, { recursive: true });
  const path = join(folder, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  let patch = 0;
  return () => {
    patch += 1;
    writeFileSync(path, JSON.stringify({ ...manifest, name, version: `1.0.${patch}`, scripts: {} }));
  };
}

function contenders(home: FreshHome, packageName: string, token: string, url: string): Contender[] {
  const folder = (client: string) => join(home.path, `${packageName}-${client}`);
  const source = peerPackage(packageName);
  return [
    {
      name: 'npm publish (npm 12)',
      command: [...npm12(home).command, 'publish'],
      cwd: folder('npm'),
      env: { ...home.env, npm_config_update_notifier: 'false' },
      prepare: freshVersions(source, folder('npm'), `${packageName}-by-npm`),
    },
    {
      name: 'pub publish',
      command: [...pub(home).command, 'publish', '--yes'],
      cwd: folder('pub'),
      env: { ...home.env, PUB_TOKEN: token, PUB_REGISTRY: url },
      prepare: freshVersions(source, folder('pub'), `${packageName}-by-pub`),
    },
  ];
}

await using home = await freshHome();
await using registry = await startRegistry();
const { token } = await signUp(registry.url, 'bench');
await home.file('.npmrc', npmrc(registry.url, token));

printTable(
  'Publish chalk, 44 kB unpacked',
  await comparePaired(contenders(home, 'chalk', token, registry.url), 15),
);
printTable(
  'Publish TypeScript, 23 MB unpacked',
  await comparePaired(contenders(home, 'typescript-5', token, registry.url), 5),
);

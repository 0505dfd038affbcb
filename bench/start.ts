/** How long it takes until a program can do anything: `pub --version` beside bare Node and npm. */
import { npm12, pub } from '../test/support/clients.ts';
import { freshHome } from '../test/support/fresh-home.ts';
import { pinnedNode } from '../test/support/places.ts';
import { comparePaired, printTable } from './paired.ts';

await using home = await freshHome();
const place = { cwd: home.path, env: home.env };
const measurements = await comparePaired(
  [
    { name: 'node -e 0', command: [pinnedNode, '-e', '0'], ...place },
    { name: 'pub --version', command: [...pub(home).command, '--version'], ...place },
    { name: 'npm --version (npm 12)', command: [...npm12(home).command, '--version'], ...place },
  ],
  25,
);
printTable('Start', measurements);

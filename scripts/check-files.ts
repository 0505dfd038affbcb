/**
 * What no linter here looks for, in every file git tracks: the address of the public npm registry, and
 * addresses in lockfiles. Both tie a checkout to one server, where npm's own settings should decide.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../test/support/places.ts';
import { addressesInLockfile, mentions } from './file-rules.ts';

/** The default in npm's own definitions, and what this machine's npm uses. */
function registryHosts(): string[] {
  const { definitions } = createRequire(import.meta.url)('@npmcli/config/lib/definitions') as {
    definitions: { registry: { default: string } };
  };
  const configured = execFileSync('npm', ['config', 'get', 'registry'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return [definitions.registry.default, configured.trim()].map((url) => new URL(url).hostname);
}

const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '');
const hosts = registryHosts();
const complaints = tracked.flatMap((path) => {
  const text = readTracked(path);
  const lockfile = path.endsWith('package-lock.json') ? addressesInLockfile(text) : [];
  return [...mentions(text, hosts), ...lockfile].map((complaint) => `${path}: ${complaint}`);
});

/** Empty for a file that was removed and not yet committed. */
function readTracked(path: string): string {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return '';
  }
}

if (tracked.length === 0) complaints.push('git tracks no file here: nothing was checked');
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length === 0 ? 0 : 1;

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Report {
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { name: string };
    }[];
    readonly totalCruised: number;
    readonly totalDependenciesCruised: number;
  };
}

/** What the checker of imports says about `folders`. It exits with the number of its errors. */
function cruise(workingDirectory: string, folders: readonly string[]): Promise<Report> {
  const checker = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const config = join(root, '.dependency-cruiser.mjs');
  const argv = [checker, '--config', config, '--output-type', 'json', ...folders];
  return new Promise((resolve, reject) => {
    const options = { cwd: workingDirectory, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, argv, options, (_error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout) as Report);
      } catch (cause) {
        reject(new Error(`the checker gave no report: ${stderr}`, { cause }));
      }
    });
  });
}

describe('the checker of imports', () => {
  it('really reads the modules: without its parser it reads none, and finds nothing wrong', async () => {
    const { summary } = await cruise(root, ['bin', 'src']);
    expect(summary.totalCruised).toBeGreaterThan(80);
    expect(summary.totalDependenciesCruised).toBeGreaterThan(250);
    expect(summary.violations).toEqual([]);
  }, 60_000);
});

/** A tree that breaks one rule in each file; the last column is the rule. */
const forbidden: readonly (readonly [file: string, imports: string, rule: string])[] = [
  ['bin/pub.ts', '../src/ops/publish.ts', 'bin'],
  ['src/main.ts', './ops/publish.ts', 'main'],
  ['src/commands/a.ts', '../terminal/stream-terminal.ts', 'commands'],
  ['src/ops/a.ts', '../http/undici-transport.ts', 'ops'],
  ['src/ops/b.ts', '../commands/publish.ts', 'ops'],
  ['src/ops/c.ts', '../ecosystems/npm/registry.ts', 'ops'],
  ['src/context.ts', './wiring.ts', 'context'],
  ['src/ecosystems/npm/a.ts', '../../credentials/keychain.ts', 'npm'],
  ['src/credentials/a.ts', '../http/transport.ts', 'credentials'],
  ['src/http/a.ts', '../credentials/keychain.ts', 'http'],
  ['src/terminal/a.ts', '../http/transport.ts', 'terminal'],
  ['src/config/a.ts', '../terminal/terminal.ts', 'config'],
  ['src/second-factor/a.ts', '../credentials/provider.ts', 'second-factor'],
  ['src/cargo-credential/a.ts', '../commands/publish.ts', 'cargo-credential'],
  ['src/cargo-credential/b.ts', '../credentials/keychain.ts', 'cargo-credential'],
  ['src/cargo-credential-wiring.ts', './commands/publish.ts', 'cargo-credential-without-commands'],
  ['src/ops/d.ts', 'commander', 'commander'],
  ['src/http/b.ts', 'undici', 'undici'],
  ['src/ops/e.ts', '@inquirer/prompts', 'prompts'],
  ['src/ops/f.ts', '@napi-rs/keyring', 'keyring'],
  ['src/ops/g.ts', 'tar', 'tar'],
  ['src/ops/i.ts', 'ini', 'packing'],
  ['src/archives/a.ts', '../ecosystems/npm/registry.ts', 'archives'],
  ['src/ops/h.ts', '../../registry/src/app.ts', 'cli-without-registry'],
  ['registry/src/a.ts', '../../src/secret.ts', 'registry-alone'],
];
const packages = ['commander', 'undici', '@inquirer/prompts', '@napi-rs/keyring', 'tar', 'ini'];
const targets = [
  'src/ops/publish.ts',
  'src/commands/publish.ts',
  'src/wiring.ts',
  'src/secret.ts',
  'src/terminal/stream-terminal.ts',
  'src/terminal/terminal.ts',
  'src/http/undici-transport.ts',
  'src/http/transport.ts',
  'src/ecosystems/npm/registry.ts',
  'src/credentials/keychain.ts',
  'src/credentials/provider.ts',
  'registry/src/app.ts',
];

describe('an import that is forbidden', () => {
  let folder: string;
  let report: Report;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pub-structure-'));
    for (const target of targets)
      await write(target, 'export type Thing = string;\nexport const thing = 1;\n');
    for (const name of packages) {
      await write(
        `node_modules/${name}/package.json`,
        `{"name":"${name}","main":"index.js","version":"1.0.0"}`,
      );
      await write(`node_modules/${name}/index.js`, 'exports.thing = 1;\n');
    }
    await write(
      'package.json',
      JSON.stringify({ dependencies: Object.fromEntries(packages.map((p) => [p, '*'])) }),
    );
    for (const [file, imports] of forbidden) {
      await write(file, `import { thing } from '${imports}';\nexport const used = thing;\n`);
    }
    await write('src/ops/type.ts', "import type { Thing } from '../wiring.ts';\nexport type Used = Thing;\n");
    await write('src/ops/lazy.ts', "export const used = () => import('../wiring.ts');\n");
    await write('src/http/one.ts', "import { two } from './two.ts';\nexport const one = () => two;\n");
    await write('src/http/two.ts', "import { one } from './one.ts';\nexport const two = () => one;\n");
    report = await cruise(folder, ['bin', 'src', 'registry']);
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function write(file: string, text: string): Promise<void> {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }

  it.each(forbidden)('%s → %s is found by the rule "%s"', (file, _imports, rule) => {
    const rules = report.summary.violations
      .filter(({ from }) => from === file)
      .map((found) => found.rule.name);
    expect(rules).toContain(rule);
  });

  it('is found too when it is of a type only, or made late', () => {
    const files = report.summary.violations.filter(({ rule }) => rule.name === 'ops').map(({ from }) => from);
    expect(files).toEqual(expect.arrayContaining(['src/ops/type.ts', 'src/ops/lazy.ts']));
  });

  it('is found too when it is a circle', () => {
    const files = report.summary.violations
      .filter(({ rule }) => rule.name === 'no-circular')
      .map(({ from }) => from);
    expect(files).toContain('src/http/one.ts');
  });
});

describe('the sources', () => {
  it('read the environment in the wiring and nowhere else', async () => {
    const names = await readdir(join(root, 'src'), { recursive: true });
    const sources = names.filter((name) => name.endsWith('.ts'));
    expect(sources.length).toBeGreaterThan(60);
    const readers: string[] = [];
    for (const name of sources) {
      const text = await readFile(join(root, 'src', name), 'utf8');
      if (/process\s*(\.\s*env\b|\[\s*['"`]env)|\benv\b[^;\n]*from 'node:process'/.test(text))
        readers.push(name);
    }
    expect(readers.sort()).toEqual(['cargo-credential-wiring.ts', 'wiring.ts']);
  });
});

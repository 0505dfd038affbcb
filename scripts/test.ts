/**
 * Runs every test that can run on this machine, and says what could not. In CI (`CI=true`) a missing tool and
 * a skipped test are failures. The last line counts the whole run: `N passed, N failed`.
 *
 * `--failed-before N`: steps of the same run that failed before the tests, counted in that line.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../test/support/places.ts';
import { projects, type TestProject } from '../test/support/projects.ts';
import { type Summary, summarise, type TestReport } from './test-summary.ts';

/** A run that takes longer hangs: measured here, a whole one takes about a third of this. */
const longestRun = 20 * 60_000;

const ci = !['', '0', 'false'].includes(process.env['CI'] ?? '');

interface Uncovered {
  readonly project: TestProject;
  readonly reason: string;
}

function uncovered(): Uncovered[] {
  return projects.flatMap((project) => {
    const reasons = project.lacks().filter((lack) => lack !== undefined);
    return reasons.length === 0 ? [] : [{ project, reason: reasons.join(', ') }];
  });
}

/** Vitest's own exit code, with its report for people on this terminal and its JSON in a file. */
async function runVitest(chosen: readonly TestProject[], reportFile: string): Promise<number | null> {
  const args = [
    ...['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`],
    ...chosen.flatMap((project) => ['--project', project.name]),
  ];
  const child = spawn(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const timer = setTimeout(() => child.kill('SIGTERM'), longestRun);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return code;
}

function readReport(file: string): TestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as TestReport;
  } catch {
    return undefined;
  }
}

async function runTests(chosen: readonly TestProject[]): Promise<Summary> {
  const folder = mkdtempSync(join(tmpdir(), 'pub-test-report-'));
  try {
    const reportFile = join(folder, 'report.json');
    const exitCode = await runVitest(chosen, reportFile);
    const folders = chosen.map((project) => project.folder);
    return summarise({ report: readReport(reportFile), exitCode, folders, root, ci });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { 'failed-before': { type: 'string', default: '0' } } });
const missing = uncovered();
const chosen = projects.filter((project) => missing.every((one) => one.project !== project));
const { passed, failed, remarks } = await runTests(chosen);
const total = failed + (ci ? missing.length : 0) + Number(values['failed-before']);

for (const remark of remarks) console.log(`failed: ${remark}`);
for (const { project, reason } of missing) {
  console.log(`${ci ? 'failed: not covered' : 'not covered here'}: ${project.name} (${reason})`);
}
console.log(`${passed} passed, ${total} failed`);
process.exitCode = total === 0 ? 0 : 1;

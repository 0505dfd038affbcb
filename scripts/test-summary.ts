import { isAbsolute, relative } from 'node:path';

/** The part of vitest's JSON report that is read here. */
export interface TestReport {
  readonly testResults: readonly {
    /** The file, absolute. */
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

export interface TestRun {
  /** `undefined` when vitest left none. */
  readonly report: TestReport | undefined;
  /** Of vitest itself; `null` when a signal ended it. */
  readonly exitCode: number | null;
  /** Where the tests of each project that was to run are. */
  readonly folders: readonly string[];
  readonly root: string;
  /** In CI a test that did not run is a failure. */
  readonly ci: boolean;
}

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  /** What the report alone would not show, a line each. */
  readonly remarks: readonly string[];
}

/**
 * Counts a run so that nothing that went wrong is lost: a file that could not be loaded, a project that ran
 * no test, a skip in CI and a crash of vitest each count as a failure.
 */
export function summarise(run: TestRun): Summary {
  if (run.report === undefined) {
    return { passed: 0, failed: 1, remarks: [`vitest left no report (exit code ${run.exitCode})`] };
  }
  const tests = run.report.testResults.flatMap((file) => file.assertionResults);
  const passed = tests.filter((test) => test.status === 'passed').length;
  const wrong = tests.filter((test) => test.status === 'failed').length;
  const remarks = [
    ...brokenFiles(run.report),
    ...idleProjects(run.report, run),
    ...(run.ci ? skips(tests) : []),
  ];
  const failed = wrong + remarks.length;
  if (failed === 0 && run.exitCode !== 0) {
    return { passed, failed: 1, remarks: [`vitest ended with ${run.exitCode} although no test failed`] };
  }
  return { passed, failed, remarks };
}

type Tests = TestReport['testResults'][number]['assertionResults'];

function brokenFiles({ testResults }: TestReport): string[] {
  return testResults
    .filter(
      (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
    )
    .map((file) => `could not be run: ${file.name}`);
}

const ran = ['passed', 'failed'];

function idleProjects({ testResults }: TestReport, { folders, root }: TestRun): string[] {
  const active = (folder: string) =>
    testResults.some(
      (file) =>
        inside(`${root}/${folder}`, file.name) &&
        file.assertionResults.some((test) => ran.includes(test.status)),
    );
  return folders.filter((folder) => !active(folder)).map((folder) => `no test ran in ${folder}`);
}

function skips(tests: Tests): string[] {
  return tests.filter((test) => !ran.includes(test.status)).map((test) => `did not run: ${test.fullName}`);
}

function inside(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return !path.startsWith('..') && !isAbsolute(path);
}

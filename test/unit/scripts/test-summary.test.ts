import { expect, test } from 'vitest';
import { summarise, type TestReport } from '../../../scripts/test-summary.ts';

const file = (name: string, ...statuses: string[]): TestReport['testResults'][number] => ({
  name: `/repo/${name}`,
  status: statuses.includes('failed') ? 'failed' : 'passed',
  assertionResults: statuses.map((status, index) => ({ status, fullName: `${name} ${index}` })),
});

const run = (files: TestReport['testResults'], over: Partial<Parameters<typeof summarise>[0]> = {}) =>
  summarise({
    report: { testResults: files },
    exitCode: 0,
    folders: ['test/unit'],
    root: '/repo',
    ci: true,
    ...over,
  });

test('a run in which all passed has no failure', () => {
  expect(run([file('test/unit/a.test.ts', 'passed', 'passed')])).toEqual({
    passed: 2,
    failed: 0,
    remarks: [],
  });
});

test('a failed test is a failure, counted once', () => {
  expect(run([file('test/unit/a.test.ts', 'passed', 'failed')], { exitCode: 1 })).toEqual({
    passed: 1,
    failed: 1,
    remarks: [],
  });
});

test('a skip is a failure in CI, and only there', () => {
  const files = [file('test/unit/a.test.ts', 'passed', 'skipped', 'todo')];
  expect(run(files).failed).toBe(2);
  expect(run(files, { ci: false }).failed).toBe(0);
});

test('a file that could not be loaded is a failure', () => {
  const broken = { name: '/repo/test/unit/b.test.ts', status: 'failed', assertionResults: [] };
  expect(run([file('test/unit/a.test.ts', 'passed'), broken], { exitCode: 1 })).toMatchObject({
    failed: 1,
    remarks: ['could not be run: /repo/test/unit/b.test.ts'],
  });
});

test('a project in which no test ran is a failure, also when all of its tests were skipped', () => {
  const folders = ['test/unit', 'test/tty'];
  const unit = file('test/unit/a.test.ts', 'passed');
  expect(run([unit], { folders }).remarks).toEqual(['no test ran in test/tty']);
  expect(run([unit, file('test/tty/a.test.ts', 'skipped')], { folders, ci: false }).failed).toBe(1);
});

test('a run without a report is a failure', () => {
  expect(run([], { report: undefined })).toMatchObject({ passed: 0, failed: 1 });
});

test('an unhandled error outside of every test is a failure', () => {
  expect(run([file('test/unit/a.test.ts', 'passed')], { exitCode: 1 })).toMatchObject({
    passed: 1,
    failed: 1,
  });
});

import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { projects, type TestProject } from './test/support/projects.ts';

const configOf = ({ name, folder, timeout }: TestProject) => ({
  test: {
    name,
    globalSetup: ['test/support/browser-script.ts'],
    include: [`${folder}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: Math.max(timeout, 30_000),
    env: { NO_COLOR: '1', FORCE_COLOR: undefined as unknown as string },
  },
});

/** Two even on two cores, where vitest would take one: most tests wait for another process half of their time. */
const maxWorkers = Math.max(2, availableParallelism() - 1);

export default defineConfig({ test: { maxWorkers, projects: projects.map(configOf) } });

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

export default defineConfig({ test: { projects: projects.map(configOf) } });

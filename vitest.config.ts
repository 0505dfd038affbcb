import { defineConfig } from 'vitest/config';

/** One project per row of the table in CONTRIBUTING.md, named after what its tests need. */
const project = (name: string, folder: string, timeout = 10_000) => ({
  test: {
    name,
    include: [`${folder}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: Math.max(timeout, 30_000),
    env: { NO_COLOR: '1', FORCE_COLOR: undefined as unknown as string },
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 'test/unit'),
      project('registry-unit', 'registry/test', 20_000),
      project('registry', 'test/registry', 60_000),
      project('peers', 'test/peers', 180_000),
      project('keychain', 'test/keychain', 60_000),
      project('tty', 'test/tty', 60_000),
    ],
  },
});

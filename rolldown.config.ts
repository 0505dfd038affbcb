import { cpSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { defineConfig, type Plugin } from 'rolldown';
import { makeBrowserScript } from './scripts/browser-script.ts';
import { defaultRegistryUrl } from './src/ecosystems/npm/default-registry.ts';

/** Native addons, and packages that find files beside themselves, stay outside the bundle. */
const external = ['@napi-rs/keyring'];
/** What the bundler itself adds to rewritten code is no package: it belongs into the bundle. */
const registryExternal = [/^(?!\.|\/|\0|@oxc-project\/)/];

/**
 * Modules that are loaded together share a file: each file costs part of a millisecond, of a start that takes
 * thirty. What the child process loads stays out of them.
 */
const groups = [
  {
    name: 'access',
    test: /src\/(config\/.*|credentials\/(?!keychain-(child|entry|fault|protocol)).*|http\/.*|ecosystems\/npm\/(npm-settings|npmrc|workspaces))\.ts$/,
  },
];

/**
 * Takes Node's own modules with `process.getBuiltinModule`. An `import` of one reads its every member, which
 * loads much of Node that nobody asked for: 4 ms for `node:util`, 16 ms for what commander imports (measured).
 */
const builtinsWithoutNamespace: Plugin = {
  name: 'builtins-without-namespace',
  renderChunk: (code) =>
    code.replaceAll(/^import ([^;'"]+?) from ["']([a-z/_:]+)["'];$/gm, (statement, names, id) => {
      if (!isBuiltin(id)) return statement;
      const module = `globalThis.process.getBuiltinModule("${id}")`;
      const declarations = bindings(names).map((pattern) => `const ${pattern} = ${module};`);
      return declarations.join(' ');
    }),
};

/** `fs, { a as b }` and `* as fs`, as patterns of declarations. */
function bindings(names: string): string[] {
  const parts = /^([\w$]+)?(?:, *)?(?:\* as ([\w$]+)|\{([^}]*)\})?$/.exec(names.trim());
  if (parts === null) throw new Error(`an import this cannot read: ${names}`);
  const [, standard, star, members] = parts;
  const patterns = [standard, star, members && `{${members.replaceAll(' as ', ': ')}}`];
  return patterns.filter((pattern) => pattern !== undefined);
}

/** Asks npm's definitions for the URL of its registry when building: they take 35 ms to load (measured). */
const npmRegistryUrl: Plugin = {
  name: 'npm-registry-url',
  async load(id) {
    if (!id.endsWith('/ecosystems/npm/default-registry.ts')) return null;
    const url = JSON.stringify(await defaultRegistryUrl());
    return { code: `export const defaultRegistryUrl = async () => ${url};`, moduleType: 'js' };
  },
};

/** What the registry's pages load lies beside the bundle, as it lies beside `web/assets.ts`. */
const staticFiles: Plugin = {
  name: 'static-files',
  async writeBundle() {
    await makeBrowserScript();
    cpSync('registry/src/web/static', 'registry/dist/static', { recursive: true });
  },
};

export default defineConfig([
  {
    input: { pub: 'bin/pub.ts', 'keychain-child': 'bin/keychain-child.ts' },
    platform: 'node',
    external,
    plugins: [npmRegistryUrl, builtinsWithoutNamespace],
    output: {
      dir: 'dist',
      format: 'esm',
      cleanDir: true,
      minify: { compress: true, mangle: false },
      chunkFileNames: 'chunk-[name]-[hash].js',
      codeSplitting: { groups, includeDependenciesRecursively: false },
    },
  },
  {
    input: { 'pub-registry': 'registry/bin/pub-registry.ts' },
    platform: 'node',
    external: registryExternal,
    plugins: [staticFiles],
    output: { dir: 'registry/dist', format: 'esm', cleanDir: true },
  },
]);

import { chmodSync, cpSync } from 'node:fs';
import { defineConfig, type Plugin } from 'rolldown';
import { makeBrowserScript } from './scripts/browser-script.ts';
import { bundledLicences } from './scripts/bundled-licences.ts';
import { withoutUnreached } from './scripts/without-unreached.ts';
import { defaultRegistryUrl } from './src/ecosystems/npm/default-registry.ts';

/** Native addons, and packages that find files beside themselves, stay outside the bundle. */
const external = ['@napi-rs/keyring', '@node-rs/argon2', 'better-sqlite3'];

/** Asks npm's definitions for the URL of its registry when building: they take 35 ms to load (measured). */
const npmRegistryUrl: Plugin = {
  name: 'npm-registry-url',
  async load(id) {
    if (!id.endsWith('/ecosystems/npm/default-registry.ts')) return null;
    const url = JSON.stringify(await defaultRegistryUrl());
    return { code: `export const defaultRegistryUrl = async () => ${url};`, moduleType: 'js' };
  },
};

/**
 * Parts of undici that its HTTP/1.1 client names and that we never reach: half a megabyte to read, and 10 ms of
 * Node's own HTTP/2 (measured).
 */
const unreachedOfUndici = [
  'undici/lib/dispatcher/client-h2.js',
  'undici/lib/web/fetch/body.js',
  'undici/lib/web/fetch/formdata.js',
  'undici/lib/web/webidl/index.js',
];

/** What fastify loads for schemas, for a log of its own and for tests. The registry has none of these. */
const unreachedOfFastify = [
  '@fastify/ajv-compiler/index.js',
  '@fastify/fast-json-stringify-compiler/index.js',
  'fastify/lib/logger-pino.js',
  'light-my-request/index.js',
];

/** npm makes them so when it installs a package; cargo starts this one where it was built, too. */
const executables: Plugin = {
  name: 'executables',
  writeBundle() {
    for (const name of ['pub', 'cargo-credential-pub']) chmodSync(`dist/${name}.cjs`, 0o755);
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
    input: {
      pub: 'bin/pub.ts',
      'cargo-credential-pub': 'bin/cargo-credential-pub.ts',
      'keychain-child': 'bin/keychain-child.ts',
    },
    platform: 'node',
    external,
    plugins: [npmRegistryUrl, withoutUnreached(unreachedOfUndici), bundledLicences, executables],
    // undici's own word for being bundled: it then leaves out its experimental second parser.
    transform: { define: { esbuildDetection: 'true' } },
    output: {
      dir: 'dist',
      format: 'cjs',
      entryFileNames: '[name].cjs',
      cleanDir: true,
      minify: { compress: true, mangle: false },
      chunkFileNames: 'chunk-[name]-[hash].cjs',
    },
  },
  {
    input: { 'pub-registry': 'registry/bin/pub-registry.ts' },
    platform: 'node',
    external,
    plugins: [withoutUnreached(unreachedOfFastify), bundledLicences, staticFiles],
    output: {
      dir: 'registry/dist',
      format: 'cjs',
      entryFileNames: '[name].cjs',
      cleanDir: true,
      // Line by line: Node prints the line of an error that nobody caught.
      minify: { compress: true, mangle: false, codegen: { removeWhitespace: false } },
      chunkFileNames: 'chunk-[name]-[hash].cjs',
    },
  },
]);

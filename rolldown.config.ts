import { chmodSync, cpSync } from 'node:fs';
import { defineConfig, type Plugin } from 'rolldown';
import { makeBrowserScript } from './scripts/browser-script.ts';
import { defaultRegistryUrl } from './src/ecosystems/npm/default-registry.ts';

/** Native addons, and packages that find files beside themselves, stay outside the bundle. */
const external = ['@napi-rs/keyring'];
/** What the bundler itself adds to rewritten code is no package: it belongs into the bundle. */
const registryExternal = [/^(?!\.|\/|\0|@oxc-project\/)/];

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
const unreached = [
  'dispatcher/client-h2.js',
  'web/fetch/body.js',
  'web/fetch/formdata.js',
  'web/webidl/index.js',
];

/** Puts an error in their place. Fails when one is no longer there: another file would bring it all back. */
function withoutUnreached(): Plugin {
  const missing = new Set(unreached);
  return {
    name: 'without-unreached',
    load(id) {
      const part = /[\\/]undici[\\/]lib[\\/](.+)$/.exec(id)?.[1]?.replaceAll('\\', '/') ?? '';
      if (!unreached.includes(part)) return null;
      missing.delete(part);
      const message = JSON.stringify(`left out of the bundle: undici's ${part}`);
      return { code: `module.exports = () => { throw new Error(${message}); };`, moduleType: 'js' };
    },
    buildEnd() {
      if (missing.size > 0) throw new Error(`undici has no ${[...missing].join(', ')} any more`);
    },
  };
}

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
    plugins: [npmRegistryUrl, withoutUnreached(), executables],
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
    external: registryExternal,
    plugins: [staticFiles],
    output: { dir: 'registry/dist', format: 'esm', cleanDir: true },
  },
]);

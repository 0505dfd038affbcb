import { defineConfig } from 'rolldown';

/** Native addons, and packages that find files beside themselves, stay outside the bundle. */
const external = ['@napi-rs/keyring'];
const registryExternal = [/^(?!\.|\/)/];

export default defineConfig([
  {
    input: { pub: 'bin/pub.ts', 'keychain-child': 'bin/keychain-child.ts' },
    platform: 'node',
    external,
    output: {
      dir: 'dist',
      format: 'esm',
      cleanDir: true,
      minify: { compress: true, mangle: false },
      chunkFileNames: 'chunk-[name]-[hash].js',
    },
  },
  {
    input: { 'pub-registry': 'registry/bin/pub-registry.ts' },
    platform: 'node',
    external: registryExternal,
    output: { dir: 'registry/dist', format: 'esm', cleanDir: true },
  },
]);

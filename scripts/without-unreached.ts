import type { Plugin } from 'rolldown';

/** Puts an error in the place of files nobody gets to. Fails when one is no longer there: another would bring it back. */
export function withoutUnreached(files: readonly string[]): Plugin {
  const missing = new Set(files);
  return {
    name: 'without-unreached',
    load(id) {
      const file = id.replaceAll('\\', '/').split('/node_modules/').at(-1) ?? '';
      if (!files.includes(file)) return null;
      missing.delete(file);
      const message = JSON.stringify(`left out of the bundle: ${file}`);
      return { code: `module.exports = () => { throw new Error(${message}); };`, moduleType: 'js' };
    },
    buildEnd() {
      if (missing.size > 0) throw new Error(`there is no ${[...missing].join(', ')} any more`);
    },
  };
}

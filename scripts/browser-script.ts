import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * The one script of the pages, bundled with what it imports into a file a browser loads. It is made where the
 * pages look for their files, so that a registry that runs from its source has it too.
 */
const source = join(import.meta.dirname, '..', 'registry', 'src', 'web', 'browser', 'passkeys.js');
const library = join(import.meta.dirname, '..', 'node_modules', '@simplewebauthn', 'browser');
const staticFolder = join(import.meta.dirname, '..', 'registry', 'src', 'web', 'static');
const bundle = join(staticFolder, 'passkeys.js');

/** Makes the script unless it is newer than its source. Beside others who do the same: each writes it whole. */
export async function makeBrowserScript(): Promise<void> {
  const inputs = [source, join(library, 'package.json')];
  if (existsSync(bundle) && inputs.every((file) => statSync(file).mtimeMs < statSync(bundle).mtimeMs)) return;
  const build = await rolldown({ input: source, platform: 'browser', logLevel: 'warn' });
  try {
    // Its licence asks to be kept with every copy; minified comments are none.
    const licence = readFileSync(join(library, 'LICENSE.md'), 'utf8');
    const { output } = await build.generate({ format: 'esm', minify: true });
    mkdirSync(dirname(bundle), { recursive: true });
    const temporary = `${bundle}.${process.pid}`;
    writeFileSync(temporary, `/* Holds @simplewebauthn/browser.\n${licence}*/\n${output[0].code}`);
    renameSync(temporary, bundle);
  } finally {
    await build.close();
  }
}

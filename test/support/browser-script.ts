import { makeBrowserScript } from '../../scripts/browser-script.ts';

/** Before any tests: a registry that runs from its source serves the script of its pages too. */
export async function setup(): Promise<void> {
  await makeBrowserScript();
}

/** Before a registry that runs from its source: `npm run registry`. */
import { makeBrowserScript } from './browser-script.ts';

await makeBrowserScript();

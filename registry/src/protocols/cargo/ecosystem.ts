import type { Ecosystem } from '../../releases/ecosystem.ts';
import { parseCrateName } from './crate-name.ts';
import { parseCrateVersion } from './crate-version.ts';
import { refuseClash } from './find-crate.ts';
import { indexRenderer } from './index-document.ts';
import { readCrate } from './submission.ts';
import { indexUrl } from './urls.ts';

export function cargoEcosystem(publicUrl: () => string): Ecosystem {
  return {
    parseName: parseCrateName,
    parseVersion: parseCrateVersion,
    readSubmission: (received, expected) => readCrate(received, expected, indexUrl(publicUrl())),
    refuseClash,
    renderer: indexRenderer,
  };
}

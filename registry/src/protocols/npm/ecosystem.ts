import { parsePackageName, parseVersion } from '../../packages/package-name.ts';
import type { Ecosystem } from '../../releases/ecosystem.ts';
import { packumentRenderer } from './packument.ts';
import { signReleases } from './sign-releases.ts';
import { readSubmission } from './submission.ts';

export const npmEcosystem: Ecosystem = {
  parseName: parsePackageName,
  parseVersion,
  readSubmission,
  seal: signReleases,
  renderer: packumentRenderer,
};

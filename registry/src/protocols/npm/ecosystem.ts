import { parsePackageName, parseVersion } from '../../packages/package-name.ts';
import type { Ecosystem } from '../../releases/ecosystem.ts';
import { packumentRenderer } from './packument.ts';
import { signRelease } from './sign-release.ts';
import { readSubmission } from './submission.ts';

export const npmEcosystem: Ecosystem = {
  parseName: parsePackageName,
  parseVersion,
  readSubmission,
  seal: signRelease,
  renderer: packumentRenderer,
};

import parse from 'semver/functions/parse.js';
import { Refusal } from '../../errors.ts';

/** crates.io's limit. */
const longestVersion = 150;

/** One semantic version in its only spelling, build metadata included. Throws `bad_request`. */
export function parseCrateVersion(text: unknown): string {
  if (typeof text === 'string' && text.length <= longestVersion) {
    const version = parse(text);
    const build = version?.build.length ? `+${version.build.join('.')}` : '';
    if (version !== null && version.version + build === text) return text;
  }
  throw new Refusal(
    'bad_request',
    `not an acceptable version: expected a semantic version such as 1.2.3, of at most ${longestVersion} characters`,
  );
}

/**
 * What tells versions apart: precedence ignores build metadata (semver.org §10), and so does cargo's `=1.0.0`
 * (measured). Of `1.0.0` and `1.0.0+a` only one can be there.
 */
export function withoutBuild(version: string): string {
  return version.replace(/\+.*/, '');
}

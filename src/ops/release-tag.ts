import { PubError } from '../errors.ts';

/**
 * The dist-tag a release gets: the one that was asked for, else `latest`. As npm: a prerelease needs a tag of
 * its own, or everybody who asks for the latest version would get it; and a tag that reads as a version or
 * range could never be installed.
 */
export function chooseTag(version: string, wanted: string | undefined): string {
  if (wanted === undefined) {
    if (!isPrerelease(version)) return 'latest';
    throw new PubError('E_REFUSED', `${version} is a prerelease, and no tag was given`, {
      hint: 'pass --tag, such as `--tag next`',
    });
  }
  if (isTag(wanted)) return wanted;
  throw new PubError(
    'E_USAGE',
    `the tag \`${wanted}\` is not usable: it must start with a letter and not read as a version`,
    {
      hint: 'tags are names such as `latest`, `next` or `beta`',
    },
  );
}

/** Semantic versioning §9: a hyphen before any build metadata. */
function isPrerelease(version: string): boolean {
  return /^[^+]*-/.test(version);
}

function isTag(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9._~-]{0,127}$/.test(text) && !/^(v?\d|x(\.|$))/i.test(text);
}

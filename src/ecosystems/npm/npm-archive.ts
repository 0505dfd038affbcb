import type { Archive } from '../ecosystem.ts';

/** What npm's own upload carries beside the archive, and `pub-registry` reads out of it. */
export interface NpmArchive extends Archive {
  readonly readme: Readme | undefined;
  /** The commit the files were packed at, when that is known. */
  readonly gitHead: string | undefined;
}

export interface Readme {
  readonly fileName: string;
  readonly text: string;
}

export function isNpmArchive(archive: Archive): archive is NpmArchive {
  return archive.ecosystem === 'npm' && 'readme' in archive && 'gitHead' in archive;
}

/** A longer readme is not inlined; npm's own registry shows 64 KiB of one. */
export const longestReadme = 1024 * 1024;

/** The file npm takes for the readme: a Markdown one first, at the top of the package. */
export function readmeAmong(paths: readonly string[]): string | undefined {
  const candidates = paths.filter((path) => /^readme(\..*)?$/i.test(path));
  return candidates.find((path) => /\.m?a?r?k?d?o?w?n?$/i.test(path)) ?? candidates.find(isBareReadme);
}

function isBareReadme(path: string): boolean {
  return path.toUpperCase() === 'README';
}

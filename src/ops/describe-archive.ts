import type { Archive } from '../ecosystems/ecosystem.ts';
import type { Json } from '../json.ts';

/** What a summary shows of a long list; `pub package --list` shows all. */
const filesShown = 20;

/** Bytes in the decimal units npm and cargo print. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6 - 50) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9 - 5e4) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** One line a file: its size, right-aligned, and its path. */
export function fileLines({ files }: Pick<Archive, 'files'>): readonly string[] {
  const sizes = files.map(({ size }) => formatBytes(size));
  const width = Math.max(0, ...sizes.map((size) => size.length));
  return files.map(({ path }, index) => `${(sizes[index] ?? '').padStart(width)}  ${path}`);
}

/** The first files of the archive, and how many more there are. */
export function fileSummary(archive: Pick<Archive, 'files'>): string {
  const lines = fileLines(archive);
  const rest = lines.length - filesShown;
  const more = rest > 0 ? [`… and ${rest} more: \`pub package --list\` shows them all`] : [];
  return [...lines.slice(0, filesShown), ...more].map((line) => `    ${line}`).join('\n');
}

export function countFiles({ files }: Pick<Archive, 'files'>): string {
  return files.length === 1 ? '1 file' : `${files.length} files`;
}

/** An archive as `--json` shows it: for programs, so in bytes and whole. */
export function archiveAsJson(archive: Archive): { readonly [key: string]: Json } {
  const { name, version, fileName, size, unpackedSize, digests } = archive;
  return {
    name,
    version,
    fileName,
    size,
    unpackedSize,
    digests: { sha1: digests.sha1, sha256: digests.sha256, integrity: digests.integrity },
    files: archive.files.map((file) => ({ path: file.path, size: file.size, mode: file.mode })),
    concerns: archive.concerns.map(({ level, message }) => ({ level, message })),
  };
}

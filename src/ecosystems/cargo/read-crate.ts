import { basename } from 'node:path';
import { ArchiveContents } from '../../archives/archive-contents.ts';
import { concernsAbout } from '../../archives/concerns.ts';
import { Digesting } from '../../archives/digesting.ts';
import { parseArchive } from '../../archives/parse-archive.ts';
import { PubError } from '../../errors.ts';
import { isJsonObject, type JsonObject, stringMember } from '../../json.ts';
import type { Archive } from '../ecosystem.ts';
import { parseCrateManifest } from './crate-manifest.ts';
import { requireCrateName, requireCrateVersion } from './crate-name.ts';

const largestManifest = 1024 * 1024;

/** Longer than any readme a registry shows. */
const largestReadme = 1024 * 1024;

/** A crate on disk; what cargo's own upload carries beside the archive is read when it is needed. */
export interface CrateArchive extends Archive {
  /** The text of the readme that the manifest names. */
  readme(): Promise<string | undefined>;
}

/**
 * Reads a `.crate`: its list, manifest and digests, in one streamed pass, writing nothing. Throws `E_ARCHIVE` unless it
 * is one gzip member of plain files under `<name>-<version>/`: cargo reads the first member only, other programs all.
 */
export async function readCrate(path: string): Promise<CrateArchive> {
  const digesting = new Digesting();
  const contents = new ArchiveContents({ manifest: 'Cargo.toml', largestManifest });
  try {
    await parseArchive(path, digesting, contents, { oneMember: true });
    return archiveOf(path, digesting, contents);
  } catch (error) {
    throw archiveError(path, error);
  }
}

function archiveOf(path: string, digesting: Digesting, contents: ArchiveContents): CrateArchive {
  const { files, starts, unpackedSize, top } = contents;
  const manifest = manifestIn(contents);
  const { name, version } = identityOf(manifest);
  if (top !== `${name}-${version}`) {
    throw new Error(`its files are not in the folder \`${name}-${version}\`, which its manifest speaks of`);
  }
  const manifests = files.filter((file) => file.path.toLowerCase() === 'cargo.toml');
  if (manifests.length !== 1) throw new Error('it has more than one Cargo.toml');
  return {
    ecosystem: 'cargo',
    name,
    version,
    fileName: basename(path),
    path,
    size: digesting.size,
    unpackedSize,
    digests: digesting.digests(),
    files,
    manifest,
    concerns: concernsAbout({ files, starts, size: digesting.size, unpackedSize }),
    readme: () => readmeIn(path, manifest),
  };
}

function manifestIn({ texts }: ArchiveContents): JsonObject {
  const text = texts.get('Cargo.toml');
  if (text === undefined) throw new Error('there is no Cargo.toml at its top');
  try {
    return parseCrateManifest(text);
  } catch (cause) {
    throw new Error('its Cargo.toml is not understood', { cause });
  }
}

function identityOf(manifest: JsonObject): { readonly name: string; readonly version: string } {
  const table = manifest['package'] ?? manifest['project'];
  const crate = isJsonObject(table) ? table : undefined;
  const name = stringMember(crate, 'name');
  const version = stringMember(crate, 'version');
  if (name === undefined || version === undefined) {
    throw new Error('its Cargo.toml has no name or no version: only one that cargo packed can be published');
  }
  requireCrateName(name);
  requireCrateVersion(version);
  return { name, version };
}

/** A second pass: which file it is stands in the manifest, and only cargo's own upload needs it. */
async function readmeIn(path: string, manifest: JsonObject): Promise<string | undefined> {
  const table = manifest['package'];
  const name = isJsonObject(table) ? stringMember(table, 'readme') : undefined;
  if (name === undefined) return undefined;
  const contents = new ArchiveContents({
    manifest: 'Cargo.toml',
    largestManifest,
    others: { test: (file: string) => file === name },
    largestOther: largestReadme,
  });
  await parseArchive(path, new Digesting(), contents, { oneMember: true });
  return contents.texts.get(name);
}

function archiveError(path: string, cause: unknown): PubError {
  return new PubError('E_ARCHIVE', `\`${path}\` is not a crate that can be published`, {
    cause,
    hint: 'make it with `pub package` or `cargo package`',
  });
}

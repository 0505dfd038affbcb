import { cratesIoUrl } from '../../config/registry-target.ts';
import { isJsonObject, type Json, type JsonObject, stringMember } from '../../json.ts';
import { dependenciesOf, textsIn } from './crate-dependencies.ts';

export interface UploadSource {
  /** The manifest inside the archive. */
  readonly manifest: JsonObject;
  /** The text of the readme it names. */
  readonly readme: string | undefined;
  /** The index published to. */
  readonly index: string;
}

/**
 * What cargo sends before the archive: the same members in the same order (measured, cargo 1.95). Some registries make
 * their index of this, so it says what the manifest in the archive says.
 */
export function uploadMetadata({ manifest, readme, index }: UploadSource): JsonObject {
  const found = manifest['package'] ?? manifest['project'];
  const crate: JsonObject = isJsonObject(found) ? found : {};
  const isCratesIo = index === cratesIoUrl;
  const text = (key: string): string | null => stringMember(crate, key) ?? null;
  return {
    name: text('name'),
    vers: text('version'),
    deps: dependenciesOf(manifest, { index, cratesIo: cratesIoUrl.slice(0, -1), isCratesIo }),
    features: featuresOf(manifest['features']),
    authors: textsIn(crate['authors']),
    description: text('description'),
    documentation: text('documentation'),
    homepage: text('homepage'),
    readme: readme ?? null,
    readme_file: text('readme'),
    keywords: textsIn(crate['keywords']),
    categories: textsIn(crate['categories']),
    license: text('license'),
    license_file: text('license-file'),
    repository: text('repository'),
    badges: isJsonObject(manifest['badges']) ? manifest['badges'] : {},
    links: text('links'),
    rust_version: text('rust-version'),
  };
}

function featuresOf(features: Json | undefined): JsonObject {
  if (!isJsonObject(features)) return {};
  return Object.fromEntries(Object.entries(features).map(([name, enables]) => [name, textsIn(enables)]));
}

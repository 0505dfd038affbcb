import { isJsonObject, type Json, type JsonObject, stringMember } from '../../json.ts';
import { printedRequirement } from './version-requirement.ts';

type Kind = 'normal' | 'dev' | 'build';

/** A dependency as cargo writes it into an upload. */
export type UploadedDependency = JsonObject;

export interface IndexIdentity {
  /** The index published to, as manifests write it. */
  readonly index: string;
  /** What a dependency without `registry-index` is from. */
  readonly cratesIo: string;
  readonly isCratesIo: boolean;
}

/** In cargo's order: normal, dev, build, then those of each target alike. */
export function dependenciesOf(manifest: JsonObject, identity: IndexIdentity): readonly UploadedDependency[] {
  const targets = isJsonObject(manifest['target']) ? Object.entries(manifest['target']) : [];
  const places: readonly (readonly [Json | undefined, string | null])[] = [[manifest, null]];
  return [...places, ...targets.map(([name, table]) => [table, name] as const)].flatMap(([table, target]) =>
    isJsonObject(table) ? dependenciesIn(table, target, identity) : [],
  );
}

const tables: readonly (readonly [string, Kind])[] = [
  ['dependencies', 'normal'],
  ['dev-dependencies', 'dev'],
  ['build-dependencies', 'build'],
];

function dependenciesIn(
  table: JsonObject,
  target: string | null,
  identity: IndexIdentity,
): readonly UploadedDependency[] {
  return tables.flatMap(([key, kind]) => {
    // The underscore is the old spelling.
    const listed = table[key] ?? table[key.replace('-', '_')];
    if (!isJsonObject(listed)) return [];
    return Object.entries(listed).map(([name, entry]) => dependency(name, entry, { kind, target, identity }));
  });
}

function dependency(
  key: string,
  entry: Json,
  { kind, target, identity }: { kind: Kind; target: string | null; identity: IndexIdentity },
): UploadedDependency {
  const details: JsonObject =
    typeof entry === 'string' ? { version: entry } : isJsonObject(entry) ? entry : {};
  const name = stringMember(details, 'package') ?? key;
  const registry = registryOf(details, identity);
  return {
    optional: details['optional'] === true,
    default_features: (details['default-features'] ?? details['default_features']) !== false,
    name,
    features: textsIn(details['features']),
    version_req: printedRequirement(stringMember(details, 'version') ?? '*'),
    target,
    kind,
    ...(registry === undefined ? {} : { registry }),
    ...(name === key ? {} : { explicit_name_in_toml: key }),
  };
}

/** A dependency from the registry that is published to says nothing; crates.io has a name of its own elsewhere. */
function registryOf(details: JsonObject, { index, cratesIo, isCratesIo }: IndexIdentity): string | undefined {
  const written = stringMember(details, 'registry-index');
  if (written === undefined) return isCratesIo ? undefined : cratesIo;
  return written === index ? undefined : written;
}

export function textsIn(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [];
}

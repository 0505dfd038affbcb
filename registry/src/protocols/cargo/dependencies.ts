import { isCrateName } from './crate-name.ts';
import { normaliseRequirement } from './requirement.ts';
import { normalisePlatform } from './target-platform.ts';
import {
  badManifest,
  flagIn,
  inherited,
  isTable,
  shown,
  spelled,
  type Table,
  tableIn,
  textIn,
  textsIn,
} from './toml-values.ts';

/** A dependency in an index line: "JSON schema" of the Cargo book's registry index. */
export interface IndexDependency {
  /** As the depending crate calls it. */
  readonly name: string;
  readonly req: string;
  readonly features: readonly string[];
  readonly optional: boolean;
  readonly default_features: boolean;
  readonly target: string | null;
  readonly kind: Kind;
  /** The index of another registry; null for the one the line is in. */
  readonly registry: string | null;
  /** The name of the crate, where the depending one calls it otherwise. */
  readonly package: string | null;
}

type Kind = 'normal' | 'dev' | 'build';

/** crates.io's limit. */
const mostDependencies = 500;

/** How cargo names crates.io, in manifests and index lines, since before it had another index. */
const cratesIo = 'https://github.com/rust-lang/crates.io-index';

const tables: readonly (readonly [string, Kind])[] = [
  ['dependencies', 'normal'],
  ['dev-dependencies', 'dev'],
  ['build-dependencies', 'build'],
];

/** The dependencies in a manifest, in cargo's order. `index` is the address of the index they will be read in. */
export function dependenciesOf(manifest: Table, index: string): IndexDependency[] {
  const found = [
    ...dependenciesIn(manifest, null, index),
    ...sorted(tableIn(manifest, 'target')).flatMap(([platform, value]) => {
      if (!isTable(value)) throw badManifest(`the target ${shown(platform)} is not a table`);
      return dependenciesIn(value, targetOf(platform), index);
    }),
  ];
  if (found.length > mostDependencies) throw badManifest(`it has more than ${mostDependencies} dependencies`);
  return found;
}

function targetOf(text: string): string {
  const target = normalisePlatform(text);
  if (target === undefined) throw badManifest(`the target ${shown(text)} is not one that cargo can read`);
  return target;
}

function dependenciesIn(parent: Table, target: string | null, index: string): IndexDependency[] {
  return tables.flatMap(([key, kind]) =>
    sorted(tableIn(parent, spelled(parent, key))).map(([name, value]) =>
      readDependency(name, value, { target, kind, index }),
    ),
  );
}

interface Place {
  readonly target: string | null;
  readonly kind: Kind;
  readonly index: string;
}

function readDependency(name: string, value: unknown, { target, kind, index }: Place): IndexDependency {
  const table = tableOf(name, value);
  for (const key of ['path', 'git', 'branch', 'tag', 'rev', 'base']) {
    if (table[key] !== undefined)
      throw badManifest(`the dependency ${shown(name)} has "${key}": only registries can be depended on`);
  }
  for (const key of ['artifact', 'target', 'lib']) {
    if (table[key] !== undefined)
      throw badManifest(`the dependency ${shown(name)} has "${key}", which no stable cargo can use`);
  }
  const crate = textIn(table, 'package') ?? name;
  if (!/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(name) || !isCrateName(crate))
    throw badManifest(`the dependency ${shown(name)} has a name no crate can have`);
  return {
    name,
    req: requirementOf(name, table),
    features: featuresOf(name, table),
    optional: flagIn(table, 'optional', false),
    default_features: flagIn(table, spelled(table, 'default-features'), true),
    target,
    kind,
    registry: registryOf(name, table, index),
    package: crate === name ? null : crate,
  };
}

function tableOf(name: string, value: unknown): Table {
  if (typeof value === 'string') return { version: value };
  if (!isTable(value)) throw badManifest(`the dependency ${shown(name)} is neither a text nor a table`);
  if (value['workspace'] !== undefined) throw inherited(name);
  return value;
}

function requirementOf(name: string, table: Table): string {
  const text = textIn(table, 'version');
  if (text === undefined) throw badManifest(`the dependency ${shown(name)} has no version`);
  const req = normaliseRequirement(text);
  if (req === undefined)
    throw badManifest(`the dependency ${shown(name)} has a version that cargo cannot read`);
  if (req === '*')
    throw badManifest(`the dependency ${shown(name)} takes any version: say which one it was built with`);
  return req;
}

function featuresOf(name: string, table: Table): string[] {
  const features = textsIn(table, 'features');
  if (features.every((feature) => /^[\p{XIDC}+.-]{1,100}$/u.test(feature))) return features;
  throw badManifest(`the dependency ${shown(name)} asks for a feature no crate can have`);
}

/** cargo packs the address of the registry, and nothing for crates.io. */
function registryOf(name: string, table: Table, index: string): string | null {
  if (table['registry'] !== undefined && table['registry-index'] === undefined)
    throw badManifest(`the dependency ${shown(name)} names its registry, where cargo packs the address`);
  const registry = textIn(table, 'registry-index') ?? cratesIo;
  if (registry === index) return null;
  if (!/^(?:sparse\+)?https?:\/\/[\x21-\x7e]{1,500}$/.test(registry))
    throw badManifest(`the dependency ${shown(name)} is from a registry that has no address`);
  return registry;
}

function sorted(table: Table): [string, unknown][] {
  return Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1));
}

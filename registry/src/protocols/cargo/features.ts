import type { IndexDependency } from './dependencies.ts';
import { badManifest, isTable, shown, type Table } from './toml-values.ts';

export type Features = Readonly<Record<string, readonly string[]>>;

/** crates.io's limits, of features and of what one of them turns on. */
const mostFeatures = 300;

/** `name`, `dep:name`, `name/feature` and `name?/feature`. */
const enabled = /^(?:dep:[A-Za-z_][A-Za-z0-9_-]*|(?:[A-Za-z_][A-Za-z0-9_-]*\??\/)?[\p{XIDC}+.-]+)$/u;

/** "The features section" of the Cargo book: letters and digits of any script, `_`, `-`, `+` and `.`. */
const featureName = /^[\p{XIDC}][\p{XIDC}+.-]*$/u;

const longest = 200;

export function featuresOf(manifest: Table): Features {
  const table = manifest['features'] ?? Object.create(null);
  if (!isTable(table)) throw badManifest('"features" is not a table');
  const entries = Object.entries(table);
  if (entries.length > mostFeatures) throw badManifest(`it has more than ${mostFeatures} features`);
  return fromEntries(entries.map(([name, values]) => [name, readFeature(name, values)]));
}

function readFeature(name: string, values: unknown): string[] {
  if (name.length > longest || !featureName.test(name))
    throw badManifest(`${shown(name)} is not the name of a feature`);
  if (!Array.isArray(values) || values.length > mostFeatures)
    throw badManifest(`the feature ${shown(name)} is not a list of at most ${mostFeatures} texts`);
  return values.map((value) => {
    if (typeof value === 'string' && value.length <= longest && enabled.test(value)) return value;
    throw badManifest(`the feature ${shown(name)} turns on what is neither a feature nor a dependency`);
  });
}

export interface SplitFeatures {
  readonly features: Features;
  readonly features2: Features | undefined;
}

/**
 * As crates.io writes them: what a cargo before 1.60 cannot read stands in `features2`, with all that needs it, so that it
 * finds the rest of the crate's versions.
 */
export function splitFeatures(all: Features): SplitFeatures {
  const later = new Set(
    Object.entries(all).flatMap(([name, values]) => (values.some(isLaterSyntax) ? [name] : [])),
  );
  for (let before = -1; before !== later.size; ) {
    before = later.size;
    for (const [name, values] of Object.entries(all)) if (values.some((v) => later.has(v))) later.add(name);
  }
  const part = (wanted: boolean) =>
    fromEntries(Object.entries(all).filter(([name]) => later.has(name) === wanted));
  return { features: part(false), features2: later.size === 0 ? undefined : part(true) };
}

function isLaterSyntax(value: string): boolean {
  return value.startsWith('dep:') || value.includes('?/');
}

/** Sorted, as cargo's own maps are. */
function fromEntries(entries: readonly (readonly [string, readonly string[]])[]): Features {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** cargo passes over a version whose features turn on what is not there. */
export function checkFeatures(features: Features, dependencies: readonly IndexDependency[]): void {
  const there = namesIn(features, dependencies);
  for (const [feature, values] of Object.entries(features)) {
    const missing = values.find((value) => !isThere(value, there));
    if (missing === undefined) continue;
    throw badManifest(`the feature ${shown(feature)} turns on ${shown(missing)}, which is not there`);
  }
}

interface Names {
  readonly dependencies: ReadonlySet<string>;
  readonly optional: ReadonlySet<string>;
  /** With the features that optional dependencies are, as long as no feature says `dep:` of them. */
  readonly features: ReadonlySet<string>;
}

function namesIn(features: Features, dependencies: readonly IndexDependency[]): Names {
  const optional = dependencies.filter((one) => one.optional).map(({ name }) => name);
  const values = Object.values(features).flat();
  const implicit = optional.filter((name) => !values.includes(`dep:${name}`));
  return {
    dependencies: new Set(dependencies.map(({ name }) => name)),
    optional: new Set(optional),
    features: new Set([...Object.keys(features), ...implicit]),
  };
}

function isThere(value: string, { dependencies, optional, features }: Names): boolean {
  if (value.startsWith('dep:')) return optional.has(value.slice('dep:'.length));
  const slash = value.indexOf('/');
  if (slash === -1) return features.has(value);
  return value[slash - 1] === '?'
    ? optional.has(value.slice(0, slash - 1))
    : dependencies.has(value.slice(0, slash));
}

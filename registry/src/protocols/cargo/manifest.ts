import { parse } from 'smol-toml';
import { isCrateName, parseCrateName } from './crate-name.ts';
import { parseCrateVersion } from './crate-version.ts';
import { dependenciesOf, type IndexDependency } from './dependencies.ts';
import { checkFeatures, type Features, featuresOf } from './features.ts';
import {
  badManifest,
  inherited,
  isTable,
  shown,
  type Table,
  tableIn,
  textIn,
  textsIn,
} from './toml-values.ts';

/** What a `Cargo.toml` says, as far as a registry repeats it. The archive's is the only source of an index line. */
export interface CrateManifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly IndexDependency[];
  readonly features: Features;
  readonly links: string | null;
  readonly rustVersion: string | null;
  /** The file's path inside the crate, where the manifest names one; false for none. */
  readonly readme: string | false | undefined;
  readonly about: About;
}

/** For people who look for a crate. */
export interface About {
  readonly description: string | undefined;
  readonly license: string | undefined;
  readonly homepage: string | undefined;
  readonly documentation: string | undefined;
  readonly repository: string | undefined;
  readonly keywords: readonly string[];
  readonly categories: readonly string[];
}

/** Beyond any that cargo writes; below what recursion in a later step could not stand. */
const deepest = 100;

/** The manifest in `text`, for a registry whose index is at `index`. Throws `bad_archive`. */
export function readCrateManifest(text: string, index: string): CrateManifest {
  const manifest = parseToml(text);
  refuseTables(manifest);
  const body = tableIn(manifest, 'package');
  const features = featuresOf(manifest);
  const dependencies = dependenciesOf(manifest, index);
  checkFeatures(features, dependencies);
  return {
    name: nameIn(body),
    version: versionIn(body),
    dependencies,
    features,
    links: linksIn(body),
    rustVersion: rustVersionIn(body),
    readme: readmeIn(body),
    about: aboutOf(body),
  };
}

function parseToml(text: string): Table {
  try {
    return parse(text, { maxDepth: deepest });
  } catch (error) {
    // Its message repeats lines of the file, which are not known to be fit for a terminal.
    throw badManifest(`it is not TOML${placeOf(error)}`);
  }
}

function placeOf(error: unknown): string {
  const { line } = error as { readonly line?: unknown };
  return typeof line === 'number' ? ` at line ${line}` : '';
}

/** What cargo leaves out when it packs, and what would make the crate another one than its index line says. */
function refuseTables(manifest: Table): void {
  for (const key of ['patch', 'replace', 'project']) {
    if (manifest[key] !== undefined) throw badManifest(`it has the table ${shown(key)}`);
  }
  if (!isTable(manifest['package'])) throw badManifest('it has no table "package"');
}

function nameIn(body: Table): string {
  const name = textIn(body, 'name');
  if (name === undefined || !isCrateName(name)) throw badManifest('its name is not one a crate can have');
  return parseCrateName(name);
}

function versionIn(body: Table): string {
  const version = textIn(body, 'version');
  if (version === undefined) throw badManifest('it has no version');
  try {
    return parseCrateVersion(version);
  } catch (error) {
    throw badManifest((error as Error).message);
  }
}

function linksIn(body: Table): string | null {
  const links = textIn(body, 'links');
  if (links === undefined) return null;
  if (/^[\x21-\x7e]{1,200}$/.test(links)) return links;
  throw badManifest('"links" is not the name of a library');
}

function rustVersionIn(body: Table): string | null {
  const version = textIn(body, 'rust-version');
  if (version === undefined) return null;
  if (/^\d{1,5}(?:\.\d{1,5}){0,2}$/.test(version)) return version;
  throw badManifest('"rust-version" is not a version of Rust');
}

function readmeIn(body: Table): string | false | undefined {
  const readme = body['readme'];
  if (typeof readme !== 'boolean') return textIn(body, 'readme');
  return readme ? undefined : false;
}

/** crates.io's limits. */
const longestDescription = 1_000;
const longestAddress = 2_000;
const mostWords = 5;
const longestWord = 20;
const longestCategory = 100;

function aboutOf(body: Table): About {
  if (body['publish'] === false || (Array.isArray(body['publish']) && body['publish'].length === 0))
    throw badManifest('it says that it is not to be published');
  return {
    description: bounded(body, 'description', longestDescription),
    license: bounded(body, 'license', longestAddress),
    homepage: bounded(body, 'homepage', longestAddress),
    documentation: bounded(body, 'documentation', longestAddress),
    repository: bounded(body, 'repository', longestAddress),
    keywords: words(body, 'keywords', longestWord),
    categories: words(body, 'categories', longestCategory),
  };
}

function bounded(body: Table, key: string, longest: number): string | undefined {
  const text = textIn(body, key);
  if (text === undefined || Buffer.byteLength(text) <= longest) return text;
  throw badManifest(`${shown(key)} is longer than ${longest} bytes`);
}

function words(body: Table, key: string, longest: number): string[] {
  if (isTable(body[key])) throw inherited(key);
  const list = textsIn(body, key);
  if (list.length <= mostWords && list.every((word) => word.length <= longest)) return list;
  throw badManifest(
    `${shown(key)} has more than ${mostWords} words, or one longer than ${longest} characters`,
  );
}

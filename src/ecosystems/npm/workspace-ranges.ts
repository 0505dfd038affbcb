import { join, resolve } from 'node:path';
import { PubError } from '../../errors.ts';
import { isJsonObject, type Json, type JsonObject, parseJsonObject, stringMember } from '../../json.ts';
import { readIfPresent } from './npmrc.ts';
import type { SharedWorkspace } from './pnpm-workspace.ts';

/**
 * Ranges that mean something inside a workspace only, and what stands in their place once published: as pnpm writes
 * them (`replaceWorkspaceProtocol` and its like in its `exportable-manifest`; compared with its archives in the tests).
 * yarn means the same by `workspace:`.
 */

/** What a range is in, and of whom it speaks. */
interface Dependency {
  readonly name: string;
  readonly range: string;
  readonly kind: string;
  /** Who has it. */
  readonly of: string;
}

interface Member {
  readonly name: string;
  readonly version: string;
}

interface Surroundings {
  /** Of the package that has the dependencies. */
  readonly folder: string;
  readonly workspace: SharedWorkspace;
  readonly members: ReadonlyMap<string, Member | undefined>;
}

const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
const local = /^workspace:|^catalog:|\bworkspace:/;

export function hasWorkspaceRanges(content: JsonObject): boolean {
  return kinds.some((kind) => rangesIn(content, kind).some(([, range]) => local.test(String(range))));
}

/** The manifest with ranges that everybody can install. Throws `E_PROJECT` where one leads nowhere. */
export async function withoutWorkspaceRanges(
  content: JsonObject,
  folder: string,
  workspace: SharedWorkspace,
): Promise<JsonObject> {
  const of = stringMember(content, 'name') ?? folder;
  const surroundings = { folder, workspace, members: await membersOf(workspace) };
  const changed = kinds.flatMap((kind) => {
    if (!isJsonObject(content[kind])) return [];
    const ranges = rangesIn(content, kind).map(([name, range]) => {
      const plain = typeof range === 'string' ? plainRange({ name, range, kind, of }, surroundings) : range;
      return [name, plain] as const;
    });
    return [[kind, Object.fromEntries(ranges)] as const];
  });
  return { ...content, ...Object.fromEntries(changed) };
}

function rangesIn(content: JsonObject, kind: string): readonly (readonly [string, Json])[] {
  const declared = content[kind];
  return isJsonObject(declared) ? Object.entries(declared) : [];
}

/** By the absolute path of their folders. */
async function membersOf({ members }: SharedWorkspace): Promise<Surroundings['members']> {
  const read = members.map(async (folder) => {
    const content = parseJsonObject((await readIfPresent(join(folder, 'package.json'))) ?? '');
    const [name, version] = [stringMember(content, 'name'), stringMember(content, 'version')];
    return [folder, name === undefined || version === undefined ? undefined : { name, version }] as const;
  });
  return new Map(await Promise.all(read));
}

function plainRange(declared: Dependency, surroundings: Surroundings): string {
  const dependency = { ...declared, range: catalogued(declared, surroundings) };
  const { range, kind } = dependency;
  if (kind === 'peerDependencies') return peerRange(dependency, surroundings);
  return range.startsWith('workspace:') ? ownRange(dependency, surroundings) : range;
}

/** `catalog:` and `catalog:react18`. */
function catalogued(dependency: Dependency, { workspace: { catalogs } }: Surroundings): string {
  const { name, range } = dependency;
  // Only pnpm's catalogs are known: what is left stays, and is told of by `dependencyConcerns`.
  if (!range.startsWith('catalog:') || catalogs === undefined) return range;
  const catalog = range.slice('catalog:'.length).trim() || 'default';
  const entries = Object.hasOwn(catalogs, catalog) ? catalogs[catalog] : undefined;
  const entry = entries !== undefined && Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (typeof entry === 'string' && !/^(catalog|link|file):/.test(entry)) return entry;
  throw unresolved(dependency, `the catalog \`${catalog}\` of pnpm-workspace.yaml has no range for it`);
}

/** `workspace:^`, `workspace:*`, `workspace:other@~`, `workspace:../other`, `workspace:^1.2.0`. */
function ownRange(dependency: Dependency, surroundings: Surroundings): string {
  const said = dependency.range.slice('workspace:'.length);
  if (/^\.\.?\//.test(said)) return rangeOf(dependency, memberAt(dependency, said, surroundings), '');
  const [, alias, operator = ''] = /^(?:(.+)@)?([\^~*])?$/.exec(said) ?? [];
  if (alias !== undefined || /^[\^~*]?$/.test(said)) {
    const member = memberNamed(dependency, alias ?? dependency.name, surroundings);
    return rangeOf(dependency, member, operator.replace('*', ''));
  }
  return said.includes('@') ? `npm:${said}` : said;
}

/** An exact version is too narrow for what others bring along: an alias takes any version. Parts may be joined by `||`. */
function peerRange(dependency: Dependency, surroundings: Surroundings): string {
  const { name, range } = dependency;
  const [, alias, version = ''] = /^workspace:(@?[^@./\s][^@\s]*)@(.*)$/.exec(range) ?? [];
  if (alias !== undefined) return `npm:${alias}@${/^[\^~]?$/.test(version) ? '*' : version}`;
  if (/^workspace:\.\.?\//.test(range)) return ownRange(dependency, surroundings);
  return range.replaceAll(/workspace:([\^~*]|[<>]=?)?([\dxX*][^\s|]*)?/g, (whole, operator = '', number) => {
    if (number !== undefined) return whole.slice('workspace:'.length);
    return `${operator.replace('*', '')}${memberNamed(dependency, name, surroundings).version}`;
  });
}

function rangeOf({ name }: Dependency, member: Member, operator: string): string {
  const range = `${operator}${member.version}`;
  return member.name === name ? range : `npm:${member.name}@${range}`;
}

function memberNamed(dependency: Dependency, name: string, { members }: Surroundings): Member {
  const member = [...members.values()].find((one) => one?.name === name);
  return member ?? missing(dependency, `the workspace has no member \`${name}\` with a version`);
}

function memberAt(dependency: Dependency, path: string, { folder, members }: Surroundings): Member {
  const member = members.get(resolve(folder, path));
  return (
    member ?? missing(dependency, `the workspace has no member with a name and a version at \`${path}\``)
  );
}

function missing(dependency: Dependency, reason: string): never {
  throw unresolved(dependency, reason);
}

function unresolved({ name, range, kind, of }: Dependency, reason: string): PubError {
  const place = range.startsWith('catalog:') ? 'add it to the catalog' : 'make it a member';
  return new PubError(
    'E_PROJECT',
    `failed to pack \`${of}\`: nobody could install \`${name}\` of its ${kind}, \`${range}\``,
    {
      cause: new Error(reason),
      hint: `write a range of versions for \`${name}\` in its place, or ${place}`,
    },
  );
}

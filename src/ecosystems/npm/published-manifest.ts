import { posix } from 'node:path';
import { isJsonObject, type Json, type JsonObject, stringMember } from '../../json.ts';
import type { Archive } from '../ecosystem.ts';
import { hostedRepository } from './hosted-repository.ts';
import { isNpmArchive, type NpmArchive } from './npm-archive.ts';
import { insidePackage, normalizedBins } from './packing-manifest.ts';

type Editable = { [key: string]: Json };

export interface PublishedManifestOptions {
  readonly registryUrl: string;
  readonly clientVersion: string;
}

/**
 * The manifest as npm puts it into its publish document: the archive's own, brought into the forms that
 * installers and web pages expect, with the readme, the commit and the archive's digests.
 */
export function publishedManifest(archive: Archive, options: PublishedManifestOptions): JsonObject {
  const manifest = normalized(archive);
  const { name, version, digests } = archive;
  const tarball = new URL(`${name}/-/${name}-${version}.tgz`, options.registryUrl);
  return {
    ...manifest,
    ...(isNpmArchive(archive) ? addedFromFolder(archive) : {}),
    name,
    version,
    _id: `${name}@${version}`,
    _nodeVersion: process.versions.node,
    _pubVersion: options.clientVersion,
    dist: {
      ...(isJsonObject(manifest['dist']) ? manifest['dist'] : {}),
      integrity: digests.integrity,
      shasum: digests.sha1,
      // npm always writes http here, and every registry puts its own address in its place.
      tarball: tarball.href.replace(/^https:/, 'http:'),
    },
  };
}

function addedFromFolder({ readme, gitHead }: NpmArchive): JsonObject {
  return {
    ...(readme === undefined ? {} : { readme: readme.text, readmeFilename: readme.fileName }),
    ...(gitHead === undefined ? {} : { gitHead }),
  };
}

function normalized(archive: Archive): JsonObject {
  // `_…` members are the registry's, and patches are the project's own.
  const kept = Object.entries(archive.manifest).filter(([key]) => !/^_|^patchedDependencies$/.test(key));
  const manifest: Editable = Object.fromEntries(kept);
  setOrDelete(manifest, 'bin', normalizedBins(archive.manifest));
  normalizeBundle(manifest);
  normalizeRepository(manifest);
  normalizePeople(manifest);
  if (typeof manifest['keywords'] === 'string') manifest['keywords'] = manifest['keywords'].split(/,\s+/);
  if (typeof manifest['man'] === 'string') manifest['man'] = [manifest['man']];
  if (Array.isArray(manifest['man'])) manifest['man'] = manifest['man'].map(pathInside);
  normalizeScripts(manifest);
  addInstallScript(manifest, archive);
  addTypes(manifest, archive);
  return manifest;
}

function normalizeBundle(manifest: Editable): void {
  const declared = manifest['bundleDependencies'] ?? manifest['bundledDependencies'];
  delete manifest['bundledDependencies'];
  const all = isJsonObject(manifest['dependencies']) ? Object.keys(manifest['dependencies']) : [];
  const names = declared === true ? all : isJsonObject(declared) ? Object.keys(declared) : declared;
  setOrDelete(manifest, 'bundleDependencies', Array.isArray(names) ? names : undefined);
}

function normalizeRepository(manifest: Editable): void {
  const declared = manifest['repository'];
  const url =
    typeof declared === 'string'
      ? declared
      : isJsonObject(declared)
        ? stringMember(declared, 'url')
        : undefined;
  if (url === undefined) return;
  const hosted = hostedRepository(url);
  manifest['repository'] = {
    ...(isJsonObject(declared) ? declared : { type: 'git' }),
    url: hosted?.url ?? url,
  };
  if (hosted === undefined) return;
  manifest['bugs'] ??= { url: hosted.bugs };
  manifest['homepage'] ??= hosted.homepage;
}

function normalizePeople(manifest: Editable): void {
  if (typeof manifest['author'] === 'string') manifest['author'] = personFrom(manifest['author']);
  for (const member of ['contributors', 'maintainers']) {
    const people = manifest[member];
    if (!Array.isArray(people)) continue;
    manifest[member] = people.map((person: Json) =>
      typeof person === 'string' ? personFrom(person) : person,
    );
  }
}

/** `Name <address> (url)`. */
function personFrom(text: string): JsonObject {
  const name = /^([^(<]+)/.exec(text)?.[1]?.trim();
  const email = /<([^<>]+)>/.exec(text)?.[1];
  const url = /\(([^()]+)\)/.exec(text)?.[1];
  return { ...(name ? { name } : {}), ...(email ? { email } : {}), ...(url ? { url } : {}) };
}

function pathInside(path: Json): Json {
  return typeof path === 'string' ? insidePackage(path) : path;
}

/** Scripts run with `node_modules/.bin` in their path: the prefix says nothing, and npm takes it off. */
function normalizeScripts(manifest: Editable): void {
  const scripts = manifest['scripts'];
  if (!isJsonObject(scripts)) return;
  const kept = Object.entries(scripts).filter(([, script]) => typeof script === 'string');
  const prefix = /^(\.[/\\])?node_modules[/\\]\.bin[/\\]/;
  manifest['scripts'] = Object.fromEntries(
    kept.map(([name, script]) => [name, String(script).replace(prefix, '')]),
  );
}

/** A package with a gyp file is compiled on installing, unless it says otherwise. */
function addInstallScript(manifest: Editable, { files }: Archive): void {
  const scripts = isJsonObject(manifest['scripts']) ? manifest['scripts'] : {};
  const says = scripts['install'] ?? scripts['preinstall'];
  if (says !== undefined || manifest['gypfile'] === false) return;
  if (!files.some(({ path }) => /^[^/]+\.gyp$/.test(path))) return;
  manifest['scripts'] = { ...scripts, install: 'node-gyp rebuild' };
  manifest['gypfile'] = true;
}

/** Types that lie beside the main file are the package's types. */
function addTypes(manifest: Editable, { files }: Archive): void {
  if ('types' in manifest || 'typings' in manifest) return;
  const main = typeof manifest['main'] === 'string' ? manifest['main'] : 'index.js';
  const { dir, name } = posix.parse(posix.normalize(main));
  const types = `${posix.join(dir, name)}.d.ts`;
  if (files.some(({ path }) => path === types)) manifest['types'] = `./${types}`;
}

function setOrDelete(manifest: Editable, key: string, value: Json | undefined): void {
  if (value === undefined) delete manifest[key];
  else manifest[key] = value;
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import clean from 'semver/functions/clean.js';
import { PubError } from '../../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../json.ts';
import type { PublishSettings } from '../ecosystem.ts';
import { flawOfPackageName } from './package-name.ts';

/** A checked `package.json`. */
export interface Manifest {
  readonly name: string;
  /** Cleaned: `v1.0.0` is 1.0.0, as npm publishes it. */
  readonly version: string;
  readonly content: JsonObject;
}

/** Reads the manifest in a folder. `undefined` when there is none; `E_PROJECT` when it cannot be published. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const path = join(folder, 'package.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw projectError(`failed to read \`${path}\``, undefined, error);
  }
  return checkManifest(text, `\`${path}\``);
}

/** `where` begins the sentences about what is wrong. Throws `E_PROJECT`. */
export function checkManifest(text: string, where: string): Manifest {
  const content = parsed(text.replace(/^\uFEFF/, ''), where);
  if (!isJsonObject(content)) throw projectError(`${where} is not a JSON object`);
  const name = checkedName(content['name'], where);
  if (content['private'] === true && content['version'] === undefined) {
    const hint = 'where it is the root of a workspace: pass --workspaces for its members';
    throw projectError(`${where} is marked as private, and has no \`version\``, hint);
  }
  const version = checkedVersion(content['version'], where);
  if (content['packageExtensions'] !== undefined && content['private'] !== true) {
    throw projectError(
      `${where} has \`packageExtensions\`, which must not be published`,
      'npm reads them in the root project only: remove them, or move them to a private root',
    );
  }
  checkFiles(content['files'], where);
  return { name, version, content };
}

function parsed(text: string, where: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw projectError(`${where} is not valid JSON`, 'mend it where the message says', cause);
  }
}

function checkedName(name: Json | undefined, where: string): string {
  if (typeof name !== 'string')
    throw projectError(`${where} has no \`name\``, 'add the name to publish under');
  const flaw = flawOfPackageName(name);
  if (flaw !== undefined) throw projectError(`${where} has a name that ${flaw}`, 'choose another `name`');
  return name;
}

function checkedVersion(version: Json | undefined, where: string): string {
  if (typeof version !== 'string' || version === '') {
    throw projectError(`${where} has no \`version\``, 'add a version such as 1.0.0');
  }
  // 256 is semver's own limit on the length of a version.
  const cleaned = version.length > 256 ? null : clean(version);
  if (cleaned === null) {
    throw projectError(`${where} has a \`version\` that is not a semantic version`, 'write it as 1.0.0');
  }
  return cleaned;
}

function checkFiles(files: Json | undefined, where: string): void {
  // npm takes null for none.
  if (
    files === undefined ||
    files === null ||
    (Array.isArray(files) && files.every((entry) => typeof entry === 'string'))
  )
    return;
  throw projectError(`${where} has a \`files\` member that is not a list of patterns`);
}

/** What the manifest says about publishing. Throws `E_PROJECT` for an `access` that no registry knows. */
export function publishSettingsOf({ name, content }: Manifest): PublishSettings {
  const declared = content['publishConfig'];
  const config: Record<string, string> = {};
  if (isJsonObject(declared)) {
    for (const [key, value] of Object.entries(declared)) if (typeof value === 'string') config[key] = value;
  }
  const { access } = config;
  if (access !== undefined && access !== 'public' && access !== 'restricted') {
    throw projectError(`the \`publishConfig.access\` of ${name} is neither public nor restricted`);
  }
  const tag = typeof content['tag'] === 'string' ? content['tag'] : config['tag'];
  return { config, tag, access, private: content['private'] === true };
}

/** What installs with the package. `npm:`, and `workspace:` with a name, give a dependency another name than the package has. */
export function dependenciesOf(content: JsonObject): readonly string[] {
  const kinds = ['dependencies', 'optionalDependencies', 'peerDependencies'];
  const names = kinds.flatMap((kind) => {
    const declared = content[kind];
    return isJsonObject(declared) ? Object.entries(declared).map(packageOf) : [];
  });
  return [...new Set(names)];
}

function packageOf([name, range]: readonly [string, Json]): string {
  const alias = typeof range === 'string' ? /^(?:npm:(@?[^@]+)|workspace:(@?[^@]+)@)/.exec(range) : undefined;
  return alias?.[1] ?? alias?.[2] ?? name;
}

function projectError(message: string, hint?: string, cause?: unknown): PubError {
  return new PubError('E_PROJECT', message, { hint, cause });
}

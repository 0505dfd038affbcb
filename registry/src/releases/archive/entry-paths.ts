import { badArchive, deceptive } from './bad-archive.ts';

/** The name of one file or folder, in the spelling that came first. */
interface Node {
  readonly spelling: string;
  readonly kind: 'file' | 'folder';
  /** False for a folder that only occurs in the paths of others. */
  declared: boolean;
  readonly children: Map<string, Node>;
}

/** Windows and most tools stop before; names longer than 255 bytes exist on no usual file system. */
const longestPath = 1024;
const longestSegment = 255;
const deepest = 64;

/**
 * The paths of an archive, checked so that unpacking gives the same files on every system: nothing outside the
 * one top folder, and no two names that a file system takes for the same one. npm removes the first segment
 * of a path whatever it is, so the top folder may have any name, but all entries must share it.
 */
export class EntryPaths {
  readonly #root: Node = newNode('', 'folder');
  readonly #maximum: number;
  #count = 0;

  /** `maximum` files and folders, counting those that only occur in paths. */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** The path inside the top folder; empty for that folder itself. */
  add(path: string, kind: 'file' | 'folder'): string {
    const segments = splitPath(path, kind);
    let folder = this.#root;
    for (const segment of segments.slice(0, -1)) folder = this.#enter(folder, segment, path);
    this.#declare(folder, segments.at(-1) ?? '', kind, path);
    if (this.#root.children.size > 1) throw badArchive('not everything is in one top folder', path);
    const inside = segments.slice(1).join('/');
    if (inside === '' && kind === 'file') throw badArchive('it is not in the top folder', path);
    return inside;
  }

  #enter(parent: Node, segment: string, path: string): Node {
    const found = this.#find(parent, segment, path) ?? this.#insert(parent, segment, 'folder');
    if (found.kind === 'file') throw badArchive('a file is used as a folder', path);
    return found;
  }

  #declare(parent: Node, segment: string, kind: 'file' | 'folder', path: string): void {
    const node = this.#find(parent, segment, path) ?? this.#insert(parent, segment, kind);
    if (node.kind !== kind) throw badArchive('it is a file and a folder', path);
    if (node.declared) throw badArchive('it occurs twice', path);
    // A file is always declared: only folders come into being by being passed through.
    node.declared = true;
  }

  #find(parent: Node, segment: string, path: string): Node | undefined {
    const found = parent.children.get(collisionKey(segment));
    if (found !== undefined && found.spelling !== segment) {
      throw badArchive('its name differs from another one only in letter case or Unicode form', path);
    }
    return found;
  }

  #insert(parent: Node, segment: string, kind: 'file' | 'folder'): Node {
    this.#count++;
    if (this.#count > this.#maximum) throw badArchive(`it has more than ${this.#maximum} files and folders`);
    const node = newNode(segment, kind);
    parent.children.set(collisionKey(segment), node);
    return node;
  }
}

function newNode(spelling: string, kind: 'file' | 'folder'): Node {
  return { spelling, kind, declared: false, children: new Map() };
}

function splitPath(path: string, kind: 'file' | 'folder'): string[] {
  if (path.length > longestPath) throw badArchive(`a path is longer than ${longestPath} characters`, path);
  if (deceptive.test(path)) throw badArchive('a path has control characters', path);
  if (path.includes('\\')) throw badArchive('a path has a backslash', path);
  if (path.startsWith('/')) throw badArchive('a path is absolute', path);
  const segments = (kind === 'folder' ? path.replace(/\/$/, '') : path).split('/');
  if (segments.length > deepest) throw badArchive(`a path is deeper than ${deepest} folders`, path);
  for (const segment of segments) checkSegment(segment, path);
  return segments;
}

function checkSegment(segment: string, path: string): void {
  // Windows drops dots and spaces at the end of a name, so that "... " would be a way up as well.
  if (/^[. ]*$/.test(segment)) throw badArchive('a path has an empty, "." or ".." segment', path);
  if (/^[A-Za-z]:/.test(segment)) throw badArchive('a path has a drive letter', path);
  if (Buffer.byteLength(segment) > longestSegment) throw badArchive('a name is longer than 255 bytes', path);
}

/** Equal for names that some usual file system (APFS, NTFS, HFS+) takes for the same one. */
function collisionKey(segment: string): string {
  const trimmed = segment.replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '').replace(/[. ]+$/, '');
  return trimmed.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}

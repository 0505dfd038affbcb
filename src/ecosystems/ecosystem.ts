import type { JsonObject } from '../json.ts';

export type EcosystemName = 'npm' | 'cargo';

/** Digests of an archive, each in the form its users expect. */
export interface Digests {
  /** Lower-case hex. */
  readonly sha1: string;
  readonly sha256: string;
  /** npm's `integrity`: `sha512-` and base64. */
  readonly integrity: string;
}

export interface ArchivedFile {
  /** Relative to the package, with forward slashes. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Permission bits, as in the archive. */
  readonly mode: number;
}

/** A packed package on disk, ready to be sent. */
export interface Archive {
  readonly ecosystem: EcosystemName;
  readonly name: string;
  readonly version: string;
  /** The file name its users expect, such as `acme-tool-1.0.0.tgz`. */
  readonly fileName: string;
  readonly path: string;
  /** Bytes of the archive, and of its files unpacked. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly digests: Digests;
  /** In archive order. */
  readonly files: readonly ArchivedFile[];
  /** The manifest inside the archive. */
  readonly manifest: JsonObject;
  /** Reasons to think twice before sending this, most serious first. */
  readonly concerns: readonly Concern[];
}

/** Something that probably should not be published. */
export interface Concern {
  /** `dangerous` needs `--yes` or an answer; `notable` is only said. */
  readonly level: 'dangerous' | 'notable';
  readonly message: string;
  /** What to do about it, where that is not to leave a file out. */
  readonly hint?: string;
}

/** What a manifest says about publishing. */
export interface PublishSettings {
  readonly config: Readonly<Record<string, string>>;
  readonly tag: string | undefined;
  readonly access: 'public' | 'restricted' | undefined;
  /** True when the manifest forbids publishing. */
  readonly private: boolean;
  /** Cargo's: names of the only registries it may be published to; `undefined` for any. */
  readonly allowedRegistries?: readonly string[] | undefined;
}

/** Something that can be published: a project's folder, or an archive made earlier. */
export interface Project {
  readonly ecosystem: EcosystemName;
  readonly name: string;
  readonly version: string;
  /**
   * Names of the packages its users get with it, as the registry knows them. In a workspace those are published
   * before it; what only its developers need is not among them.
   */
  readonly dependencies: readonly string[];
  /** Where its archives usually go, if that is not the working directory. */
  readonly archiveFolder?: string | undefined;
  /** Read again after the scripts ran: they may change the manifest. */
  publishSettings(): PublishSettings;
  /** Packs into `folder`, with the ecosystem's own scripts before and after. The same bytes each time. */
  pack(options: PackOptions): Promise<Archive>;
  /** What the ecosystem runs once a release is out. */
  afterPublish(options: PackOptions): Promise<void>;
}

export interface PackOptions {
  /** Where the archive is written. */
  readonly folder: string;
  readonly runScripts: boolean;
  /** Publishing runs more scripts than packing. */
  readonly purpose: 'package' | 'publish';
  /** Where the archive will go, for an ecosystem whose archives depend on that. */
  readonly registryUrl?: string | undefined;
  /** Cargo's: packs files with changes that git does not have yet. */
  readonly allowDirty?: boolean | undefined;
  /** Cargo's: builds what was packed, before it is sent. */
  readonly verify?: boolean | undefined;
  /** Told how many of how many files are packed. */
  readonly onPacked?: ((files: number, total: number) => void) | undefined;
}

/** The members of a workspace a person means: all of them, or those with these names or in these folders. */
export type MemberChoice = 'all' | readonly string[];

/** The members that were chosen, in the order the workspace lists them. */
export interface Members {
  /** Those that may be published. No two of the same name. */
  readonly projects: readonly Project[];
  /** Names, or folders, of those whose manifest forbids it. */
  readonly private: readonly string[];
}

/** One packaging world. */
export interface Ecosystem {
  readonly name: EcosystemName;
  /** `undefined` when the path holds nothing of this ecosystem; throws `E_PROJECT` or `E_ARCHIVE` when it does but is broken. */
  open(path: string): Promise<Project | undefined>;
  /**
   * Members of the workspace that `path` is the root or a member of. `undefined` when it is in none of this
   * ecosystem; throws `E_PROJECT` when a member is broken, or chosen and not there.
   */
  openMembers(path: string, choice: MemberChoice): Promise<Members | undefined>;
}

/** What a path holds, of whichever ecosystem it is. `E_PROJECT` when of none. */
export interface Projects {
  open(path: string): Promise<Project>;
  openMembers(path: string, choice: MemberChoice): Promise<Members>;
}

import { join } from 'node:path';
import { PubError } from '../../errors.ts';
import type { Archive, PackOptions, Project, PublishSettings } from '../ecosystem.ts';
import type { CargoSettings } from './cargo-command.ts';
import { packCrates, takeCrate } from './pack-crates.ts';
import type { CrateArchive } from './read-crate.ts';
import type { CratePackage, CrateWorkspace } from './workspace.ts';

/** Packages that are packed in one run, with the first that is asked for. */
export class PackedTogether {
  readonly #packages: readonly CratePackage[];
  readonly #workspace: CrateWorkspace;
  readonly #settings: CargoSettings;
  #folder: Promise<string> | undefined;

  constructor(packages: readonly CratePackage[], workspace: CrateWorkspace, settings: CargoSettings) {
    this.#packages = packages;
    this.#workspace = workspace;
    this.#settings = settings;
  }

  get targetFolder(): string {
    return this.#workspace.targetFolder;
  }

  async pack(crate: CratePackage, options: PackOptions): Promise<CrateArchive> {
    this.#folder ??= packCrates(this.#packages, this.#workspace, options, this.#settings);
    const archive = await takeCrate(crate, await this.#folder, options.folder);
    if (archive.name === crate.name && archive.version === crate.version) return archive;
    throw new PubError('E_PROJECT', `cargo packed another crate than \`${crate.name}@${crate.version}\``);
  }
}

/** A package that cargo packs. */
export function crateProject(crate: CratePackage, together: PackedTogether): Project {
  return {
    ecosystem: 'cargo',
    name: crate.name,
    version: crate.version,
    dependencies: crate.dependencies,
    // As cargo: not among the files of the crate, where the next packing would find it.
    archiveFolder: join(together.targetFolder, 'package'),
    publishSettings: () => settingsOf(crate.publish),
    pack: (options) => together.pack(crate, options),
    afterPublish: async () => {},
  };
}

/** An archive made earlier: it is sent as it is. Its manifest still says where it may go. */
export function archiveProject(archive: CrateArchive): Project {
  const crate = archive.manifest['package'];
  const publish =
    typeof crate === 'object' && crate !== null && 'publish' in crate ? crate['publish'] : undefined;
  const listed = Array.isArray(publish) ? publish.filter((name) => typeof name === 'string') : undefined;
  return {
    ecosystem: 'cargo',
    name: archive.name,
    version: archive.version,
    dependencies: [],
    publishSettings: () => settingsOf(publish === false ? [] : listed),
    pack: async (): Promise<Archive> => archive,
    afterPublish: async () => {},
  };
}

function settingsOf(publish: readonly string[] | undefined): PublishSettings {
  return {
    config: {},
    tag: undefined,
    access: undefined,
    private: publish?.length === 0,
    allowedRegistries: publish,
  };
}

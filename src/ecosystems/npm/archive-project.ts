import type { Archive, Project, PublishSettings } from '../ecosystem.ts';
import { dependenciesOf, publishSettingsOf } from './manifest.ts';
import type { NpmArchive } from './npm-archive.ts';
import { readArchive } from './read-archive.ts';

/** Throws `E_ARCHIVE` for what cannot be published. */
export async function openArchive(path: string): Promise<Project> {
  return new ArchiveProject(await readArchive(path));
}

/** An archive made earlier. It is sent as it is, and none of its scripts run, as with npm. */
class ArchiveProject implements Project {
  readonly ecosystem = 'npm';
  readonly #archive: NpmArchive;

  constructor(archive: NpmArchive) {
    this.#archive = archive;
  }

  get name(): string {
    return this.#archive.name;
  }

  get version(): string {
    return this.#archive.version;
  }

  get dependencies(): readonly string[] {
    return dependenciesOf(this.#archive.manifest);
  }

  publishSettings(): PublishSettings {
    return publishSettingsOf({ name: this.name, version: this.version, content: this.#archive.manifest });
  }

  async pack(): Promise<Archive> {
    return this.#archive;
  }

  async afterPublish(): Promise<void> {}
}

import { PubError } from '../../errors.ts';
import type { Archive, PackOptions, Project, PublishSettings } from '../ecosystem.ts';
import { dependenciesOf, type Manifest, publishSettingsOf, readManifest } from './manifest.ts';
import type { Environment } from './npmrc.ts';
import { scriptEnvironment } from './script-environment.ts';
import { runScriptIfAny, scriptsAfterPacking, scriptsAfterPublish, scriptsBefore } from './scripts.ts';

export interface ScriptSettings {
  readonly environment: Environment;
  readonly credentialVariables: readonly string[];
  readonly workingDirectory: string;
  /** The file descriptor that scripts write to: 2, unless a test watches them. */
  readonly output: number;
  /** Aborted when the program is told to end, with an error that names the signal. */
  readonly signal?: AbortSignal | undefined;
}

/** A folder with a `package.json`. */
export class FolderProject implements Project {
  readonly ecosystem = 'npm';
  readonly #folder: string;
  readonly #scripts: ScriptSettings;
  #manifest: Manifest;

  constructor(folder: string, manifest: Manifest, scripts: ScriptSettings) {
    this.#folder = folder;
    this.#manifest = manifest;
    this.#scripts = scripts;
  }

  get name(): string {
    return this.#manifest.name;
  }

  get version(): string {
    return this.#manifest.version;
  }

  get dependencies(): readonly string[] {
    return dependenciesOf(this.#manifest.content);
  }

  publishSettings(): PublishSettings {
    return publishSettingsOf(this.#manifest);
  }

  async pack(options: PackOptions): Promise<Archive> {
    await this.#run(scriptsBefore[options.purpose], options);
    const { packFolder } = await import('./pack-folder.ts');
    const archive = await packFolder(this.#folder, this.#manifest, options);
    await this.#run(scriptsAfterPacking, options);
    return archive;
  }

  async afterPublish(options: PackOptions): Promise<void> {
    await this.#run(scriptsAfterPublish, options);
  }

  /** Runs the scripts of these names, and reads the manifest again after each: a script may change it. */
  async #run(events: readonly string[], { runScripts, purpose }: PackOptions): Promise<void> {
    if (!runScripts) return;
    const { output, signal, ...sources } = this.#scripts;
    const environment = scriptEnvironment({
      ...sources,
      command: purpose === 'publish' ? 'publish' : 'pack',
    });
    for (const event of events) {
      const run = { event, folder: this.#folder, manifest: this.#manifest, environment, output, signal };
      if (await runScriptIfAny(run)) this.#manifest = await this.#readAgain();
    }
  }

  async #readAgain(): Promise<Manifest> {
    const manifest = await readManifest(this.#folder);
    if (manifest?.name !== this.#manifest.name) {
      // Registry, token and questions were chosen for the name as it was.
      throw new PubError(
        'E_PROJECT',
        `a script changed the name of ${this.#manifest.name} while it was packed`,
      );
    }
    return manifest;
  }
}

import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { archiveAsJson, countFiles, fileLines, formatBytes } from './describe-archive.ts';
import { pack } from './packing.ts';

export interface PackageRequest {
  /** The project's folder, relative to the working directory. */
  readonly path: string;
  /** Only says what the archive would hold. */
  readonly listOnly: boolean;
  /** Where the archive goes; where such archives usually go if not said. */
  readonly folder: string | undefined;
  readonly runScripts: boolean;
  readonly allowDirty: boolean;
  readonly verify: boolean;
}

/** Makes the archive `pub publish` would send, byte for byte, and sends nothing. */
export async function packProject(
  context: Pick<Context, 'workingDirectory' | 'terminal' | 'projects' | 'temporaryFolder'>,
  request: PackageRequest,
): Promise<void> {
  const { terminal, workingDirectory } = context;
  const project = await context.projects.open(resolve(workingDirectory, request.path));
  const folder = request.listOnly
    ? await context.temporaryFolder()
    : resolve(workingDirectory, request.folder ?? project.archiveFolder ?? '.');
  const archive = await pack(context, project, {
    folder,
    runScripts: request.runScripts,
    purpose: 'package',
    allowDirty: request.allowDirty,
    verify: request.verify,
  });
  for (const { message } of archive.concerns) terminal.warn(message);
  const summary = `${archive.name}@${archive.version}: ${countFiles(archive)}, ${formatBytes(archive.size)}`;
  if (request.listOnly) {
    terminal.status('Listed', `${summary} (${formatBytes(archive.unpackedSize)} unpacked)`);
    terminal.result(archiveAsJson(archive), fileLines(archive).join('\n'));
    return;
  }
  terminal.status('Packaged', `${summary} (${formatBytes(archive.unpackedSize)} unpacked)`);
  terminal.result({ ...archiveAsJson(archive), path: archive.path }, archive.path);
}

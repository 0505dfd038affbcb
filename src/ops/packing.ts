import type { Context } from '../context.ts';
import type { Archive, PackOptions, Project } from '../ecosystems/ecosystem.ts';
import type { Progress } from '../terminal/terminal.ts';

/** Packs, and says how far it is where that takes long. The line is gone before a script writes. */
export async function pack(
  { terminal }: Pick<Context, 'terminal'>,
  project: Project,
  options: PackOptions,
): Promise<Archive> {
  let progress: Progress | undefined;
  const onPacked = (files: number, total: number): void => {
    progress ??= terminal.progress('Packing', total, 'files');
    progress.update(files);
    if (files === total) progress.finish();
  };
  try {
    return await project.pack({ ...options, onPacked });
  } finally {
    progress?.finish();
  }
}

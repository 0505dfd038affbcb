import type { Context } from '../context.ts';
import type { PublishOutcome } from '../ecosystems/registry.ts';
import type { Release } from './publish-report.ts';

/** Passes on what the registry said, and waits where a release takes a while to be there for others. */
export async function awaitRelease(
  { terminal }: Pick<Context, 'terminal'>,
  { connection, login, request }: Release,
  { state, warnings = [] }: PublishOutcome,
): Promise<void> {
  for (const warning of warnings) terminal.warn(warning);
  const { credential } = login;
  if (state !== 'published' || credential === undefined) return;
  const { archive } = request;
  const name = `${archive.name}@${archive.version}`;
  const visible = await connection.registry.awaitVisible?.(credential.token, archive, () =>
    terminal.note(`Waiting for ${name} to be in the index. It is uploaded: Ctrl-C only ends the waiting.`),
  );
  if (visible === false) {
    terminal.warn(`${name} is uploaded, and not in the index yet: the registry may take a while to list it`);
  }
}

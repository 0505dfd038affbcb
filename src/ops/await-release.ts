import type { Context } from '../context.ts';
import type { PublishOutcome } from '../ecosystems/registry.ts';
import { PubError } from '../errors.ts';
import type { Release } from './publish-report.ts';

/** Passes on what the registry said, and waits where a release takes a while to be there for others. */
export async function awaitRelease(
  { terminal }: Pick<Context, 'terminal'>,
  { connection, login, request }: Release,
  { state, warnings = [] }: PublishOutcome,
  { wait }: { readonly wait: boolean },
): Promise<void> {
  for (const warning of warnings) terminal.warn(warning);
  const { credential } = login;
  if (!wait || state !== 'published' || credential === undefined) return;
  const { archive } = request;
  const name = `${archive.name}@${archive.version}`;
  const looking = connection.registry.awaitVisible?.(credential.token, archive, () =>
    terminal.note(`Waiting for ${name} to be in the index. It is uploaded: Ctrl-C only ends the waiting.`),
  );
  const visible = await looking?.catch((error: unknown) => {
    if (!isFailedQuestion(error)) throw error;
    terminal.warn(`${name} is uploaded, and whether it is in the index is not known: ${error.message}`);
  });
  if (visible === false) {
    terminal.warn(`${name} is uploaded, and not in the index yet: the registry may take a while to list it`);
  }
}

/** What is out is out: that a look at it failed makes no failure of the publishing. */
export function isFailedQuestion(error: unknown): error is PubError {
  return error instanceof PubError && error.code !== 'E_INTERRUPTED';
}

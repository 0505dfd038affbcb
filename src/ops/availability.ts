import type { Context } from '../context.ts';
import { PubError } from '../errors.ts';
import { isFailedQuestion } from './await-release.ts';
import type { Release } from './publish-report.ts';

/**
 * Says when what was published can be installed, where the registry looks at it first. Not to wait is no failure, nor is
 * a registry that takes its time: the release is out of our hands. One that it blocks is.
 */
export async function sayAvailability(
  { terminal }: Pick<Context, 'terminal'>,
  releases: readonly Release[],
  { wait }: { readonly wait: boolean },
): Promise<void> {
  for (const { connection, login, request } of releases) {
    const { archive } = request;
    const { token } = login.credential ?? {};
    if (token === undefined) continue;
    const name = `${archive.name}@${archive.version}`;
    const { registry } = connection;
    const waiting = () =>
      terminal.note(`${name} is being looked at by ${registry.displayUrl}: waiting (--no-wait does not)`);
    const asking = registry.awaitAvailability?.(token, archive, wait ? waiting : undefined);
    const availability = await asking?.catch((error: unknown) => {
      if (!isFailedQuestion(error)) throw error;
      terminal.warn(
        `${name} is published, and whether it can be installed yet is not known: ${error.message}`,
      );
    });
    if (availability === 'validating')
      terminal.note(`${name} can be installed once ${registry.displayUrl} has looked at it.`);
    if (availability === 'blocked') {
      throw new PubError('E_REGISTRY', `${registry.displayUrl} blocked ${name} after it was published`, {
        hint: 'look for its mail to the owners of the package',
      });
    }
  }
}

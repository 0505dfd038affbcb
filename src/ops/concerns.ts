import type { Context } from '../context.ts';
import type { Archive } from '../ecosystems/ecosystem.ts';
import { PubError } from '../errors.ts';

/**
 * Tells what speaks against sending the archive. Something dangerous needs `--yes` or an answer: what was
 * published once is public for good. A dry run only tells. Throws `E_REFUSED`.
 */
export async function acceptConcerns(
  { terminal, prompter }: Pick<Context, 'terminal' | 'prompter'>,
  { ecosystem, name, version, concerns }: Archive,
  request: { readonly acceptDanger: boolean; readonly dryRun: boolean },
): Promise<void> {
  for (const { message } of concerns) terminal.warn(message);
  const [dangerous] = concerns.filter(({ level }) => level === 'dangerous');
  if (dangerous === undefined || request.acceptDanger || request.dryRun) return;
  if (await confirmed(prompter)) return;
  const where = ecosystem === 'npm' ? '"files" in package.json or an ignore file' : '`exclude` in Cargo.toml';
  throw new PubError('E_REFUSED', `not publishing \`${name}@${version}\`: ${dangerous.message}`, {
    hint: dangerous.hint ?? `leave it out with ${where}, or pass --yes if it belongs there`,
  });
}

async function confirmed(prompter: Context['prompter']): Promise<boolean> {
  try {
    return await prompter.confirm({ message: 'Publish it all the same?', instead: 'pass --yes' });
  } catch (error) {
    if (error instanceof PubError && error.code === 'E_NOT_INTERACTIVE') return false;
    throw error;
  }
}

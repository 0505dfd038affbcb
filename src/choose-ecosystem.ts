import type { EcosystemName } from './ecosystems/ecosystem.ts';
import { PubError } from './errors.ts';
import type { Prompter } from './terminal/prompter.ts';

export interface EcosystemQuestion {
  /** What `--ecosystem` says, if it is given. */
  readonly forced: EcosystemName | undefined;
  readonly prompter: Pick<Prompter, 'text'>;
}

/** The ecosystem that is meant at a path; `undefined` where there is nothing of either. Each path is asked about once. */
export function ecosystemChooser({ forced, prompter }: EcosystemQuestion) {
  const answers = new Map<string, Promise<EcosystemName | undefined>>();
  return async (path: string): Promise<EcosystemName | undefined> => {
    if (forced !== undefined) return forced;
    const answer = answers.get(path) ?? choose(path, prompter);
    answers.set(path, answer);
    return await answer;
  };
}

async function choose(path: string, prompter: Pick<Prompter, 'text'>): Promise<EcosystemName | undefined> {
  const { ecosystemsAt } = await import('./ecosystems/detect-ecosystem.ts');
  const [first, second] = await ecosystemsAt(path);
  if (second === undefined) return first;
  const instead = 'pass --ecosystem npm or --ecosystem cargo';
  const message = 'there is a package.json and a Cargo.toml: npm or cargo?';
  const answer = (await prompter.text({ message, instead })).trim().toLowerCase();
  if (answer === 'npm' || answer === 'cargo') return answer;
  throw new PubError('E_USAGE', 'that is neither npm nor cargo', { hint: instead });
}

import { Refusal } from '../errors.ts';
import type { Services } from '../services.ts';

/** Keeps what was read; where the disk does not take it, says so once an hour: what was read is good all the same. */
export async function keepIfPossible<T>(
  { background, clock, log }: Pick<Services, 'background' | 'clock' | 'log'>,
  keep: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await keep();
  } catch (error) {
    if (error instanceof Refusal || !(error instanceof Error)) throw error;
    background.runOnceAnHour('upstream files are not kept', clock(), async () =>
      log(`what was read from upstream is not kept: ${error.message}`),
    );
    return undefined;
  }
}

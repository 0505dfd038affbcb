import { Refusal } from '../../../errors.ts';
import type { Services } from '../../../services.ts';
import { NoTurn } from '../../../upstream/turns.ts';
import type { PackumentForm } from '../packument.ts';
import { askForPackument, type PackumentQuestion } from './ask-for-packument.ts';
import {
  type ForeignPackage,
  type KeptPackument,
  keptPackument,
  keyOf,
  refusalOf,
} from './kept-packument.ts';

type Parts = Pick<Services, 'upstreamCache' | 'clock' | 'log' | 'background'>;

/** How long an answer counts without asking again, in milliseconds: what npm's registry lets a cache keep one. */
const freshFor = 5 * 60 * 1_000;
/**
 * The same for the answer that there is no such package. npm's clients keep no such answer, so each installation asks
 * for every optional package that is not there: upstream hears of it once a minute. Not for longer: somebody may be
 * about to publish it, and `npm install` after that should find it.
 */
const refusalCountsFor = 60_000;

/**
 * The packument, at most `maximumAge` old where upstream answers, and as it was last where it does not. Throws `not_found`
 * where upstream says so, `upstream_refused`, and `upstream_unavailable` for one that was never seen.
 */
export async function foreignPackument(
  parts: Parts,
  source: ForeignPackage,
  form: PackumentForm,
  maximumAge = freshFor,
): Promise<KeptPackument> {
  const kept = await keptPackument(parts, source, form);
  const current = isFresh(parts, kept, maximumAge)
    ? kept
    : await parts.upstreamCache.once(keyOf(source, form), source.asker, (unwanted) =>
        renew(parts, { ...source, form, kept, unwanted }),
      );
  const { refusedWith } = current.about;
  if (refusedWith !== undefined) throw refusalOf(refusedWith, source.name);
  return current;
}

function isFresh(
  { clock }: Parts,
  kept: KeptPackument | undefined,
  maximumAge: number,
): kept is KeptPackument {
  if (kept === undefined) return false;
  const age = clock() - kept.checkedAt;
  const isRefused = kept.about.refusedWith !== undefined;
  return age >= 0 && age < (isRefused ? Math.min(refusalCountsFor, maximumAge) : maximumAge);
}

/** The form that was looked at last: an archive is in either. */
export async function anyForeignPackument(
  parts: Parts,
  source: ForeignPackage,
  maximumAge = freshFor,
): Promise<KeptPackument> {
  const full = await keptPackument(parts, source, 'full');
  const short = await keptPackument(parts, source, 'abbreviated');
  const newer = full !== undefined && full.checkedAt > (short?.checkedAt ?? 0) ? 'full' : 'abbreviated';
  return await foreignPackument(parts, source, newer, maximumAge);
}

async function renew(parts: Parts, asked: PackumentQuestion): Promise<KeptPackument> {
  const { kept, unwanted } = asked;
  try {
    return await askForPackument(parts, asked);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'upstream_unavailable') throw error;
    const isOurDoing = unwanted.aborted || parts.upstreamCache.closing.aborted;
    if (!isOurDoing) logNoAnswer(parts, asked, error);
    if (kept === undefined) throw error;
    return kept;
  }
}

/** One line an hour for each form, and one for all of them that were too many. */
function logNoAnswer({ background, clock, log }: Parts, asked: PackumentQuestion, error: Refusal): void {
  const { upstream, name, form, kept } = asked;
  const instead = kept && `; serving what it said at ${new Date(kept.checkedAt).toISOString()}`;
  const about = error.cause instanceof NoTurn ? upstream.url : keyOf(asked, form);
  background.runOnceAnHour(`upstream:${about}`, clock(), async () =>
    log(`upstream ${upstream.url}: ${name}: ${error.message}${instead ?? ''}`),
  );
}

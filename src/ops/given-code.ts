import { PubError } from '../errors.ts';
import type { MemberRelease } from './members-report.ts';

type Batch = readonly MemberRelease[];

/**
 * Whether a code that was given beforehand is for this batch. It belongs to an account at one registry: no other one
 * may see it, for it could use it there. Throws `E_USAGE` where it is not clear which one it is for.
 */
export function takesGivenCode(batches: readonly Batch[], batch: Batch): boolean {
  const owner = registryOfCode(batches);
  if (urlOf(batch) !== owner) return false;
  // A registry that makes a proof of the code takes it once: a later batch needs another one.
  return !wantsCode(batch) || batch === batches.find((one) => urlOf(one) === owner);
}

function registryOfCode(batches: readonly Batch[]): string | undefined {
  const all = new Set(batches.map(urlOf));
  const wanting = new Set(batches.filter(wantsCode).map(urlOf));
  const [only, ...more] = wanting.size === 1 ? wanting : all;
  if (more.length === 0) return only;
  throw new PubError(
    'E_USAGE',
    `these packages go to ${all.size} registries, and a one-time password is for one`,
    {
      hint: 'leave the code out to be asked for each, or publish the members of one registry at a time with --workspace',
    },
  );
}

function urlOf([first]: Batch): string | undefined {
  return first?.connection.target.url;
}

function wantsCode([first]: Batch): boolean {
  return first?.plan?.secondFactor === true;
}

import { createHash } from 'node:crypto';
import { Refusal } from '../../../errors.ts';
import { noSuchPackage } from '../../../packages/packages.ts';
import type { Services } from '../../../services.ts';
import type { CachedDocument } from '../../../upstream/kept-documents.ts';
import { askUpstream, noAnswer, type UpstreamAnswer, whileItAnswers } from '../../../upstream/request.ts';
import type { Upstream } from '../../../upstream/upstreams.ts';
import type { PackumentForm } from '../packument.ts';
import { type ForeignPackument, type KnownArchives, readForeignPackument } from './foreign-packument.ts';

/** A package of an upstream. */
export interface ForeignPackage {
  readonly upstream: Upstream;
  readonly name: string;
}

/** A packument of an upstream, as this registry keeps it. */
export type KeptPackument = CachedDocument<AboutPackument>;

interface AboutPackument {
  /** Set when upstream said that there is none: it says nothing else then. */
  readonly absent?: true;
  /** The upstream's, for asking again. */
  readonly upstreamEtag: string | undefined;
  readonly etag: string;
  readonly archives: KnownArchives;
}

type Parts = Pick<Services, 'upstreamCache' | 'clock' | 'log' | 'background'>;

/** How long an answer counts without asking again, in milliseconds: what npm's registry lets a cache keep one. */
const freshFor = 5 * 60 * 1_000;
/**
 * The same for the answer that there is no such package. npm's clients keep no such answer, so each installation asks
 * for every optional package that is not there: upstream hears of it once a minute. Not for longer: somebody may be
 * about to publish it, and `npm install` after that should find it.
 */
const absentFor = 60_000;
/** Decoded. Above the largest packuments there are. */
const largestPackument = 64 * 1024 * 1024;

const accepted: Readonly<Record<PackumentForm, string>> = {
  full: 'application/json',
  abbreviated: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8',
};

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
  const key = keyOf(source, form);
  const kept =
    (await parts.upstreamCache.read<AboutPackument>(key)) ?? recalledAbsence(parts.upstreamCache, source);
  const current = isFresh(parts, kept, maximumAge)
    ? kept
    : await parts.upstreamCache.once(key, () => renew(parts, { ...source, form, key, kept }));
  if (current.about.absent) throw noSuchPackage({ ecosystem: 'npm', name: source.name });
  return current;
}

function isFresh(
  { clock }: Parts,
  kept: KeptPackument | undefined,
  maximumAge: number,
): kept is KeptPackument {
  if (kept === undefined) return false;
  const age = clock() - kept.checkedAt;
  return age >= 0 && age < (kept.about.absent ? Math.min(absentFor, maximumAge) : maximumAge);
}

/** The form that was looked at last: an archive is in either. */
export async function anyForeignPackument(
  parts: Parts,
  source: ForeignPackage,
  maximumAge = freshFor,
): Promise<KeptPackument> {
  const full = await parts.upstreamCache.read<AboutPackument>(keyOf(source, 'full'));
  const short = await parts.upstreamCache.read<AboutPackument>(keyOf(source, 'abbreviated'));
  const newer = full !== undefined && full.checkedAt > (short?.checkedAt ?? 0) ? 'full' : 'abbreviated';
  return await foreignPackument(parts, source, newer, maximumAge);
}

function keyOf(source: ForeignPackage, form: PackumentForm): string {
  return `${nameOf(source)} ${form}`;
}

function nameOf({ upstream, name }: ForeignPackage): string {
  return `npm ${upstream.url} ${name}`;
}

interface Renewal extends ForeignPackage {
  readonly form: PackumentForm;
  readonly key: string;
  readonly kept: KeptPackument | undefined;
}

async function renew(parts: Parts, renewal: Renewal): Promise<KeptPackument> {
  const { key, kept, upstream, name } = renewal;
  try {
    return await ask(parts, renewal);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'not_found') return await keepAbsence(parts, renewal);
    if (error.code !== 'upstream_unavailable') throw error;
    const instead = kept && `; serving what it said at ${new Date(kept.checkedAt).toISOString()}`;
    parts.background.runOnceAnHour(`upstream:${key}`, parts.clock(), async () =>
      parts.log(`upstream ${upstream.url}: ${name}: ${error.message}${instead ?? ''}`),
    );
    if (kept === undefined) throw error;
    return kept;
  }
}

/** How many absences are remembered. Above it all are forgotten, and asked for once more. */
const mostAbsences = 10_000;

/** What is not there is there in no form. */
function recalledAbsence(
  { absentAt }: Parts['upstreamCache'],
  source: ForeignPackage,
): KeptPackument | undefined {
  const checkedAt = absentAt.get(nameOf(source));
  return checkedAt === undefined ? undefined : absence(checkedAt);
}

function absence(checkedAt: number): KeptPackument {
  const about = { absent: true, upstreamEtag: undefined, etag: '', archives: {} } as const;
  return { about, body: '', checkedAt };
}

/**
 * Kept too: without upstream, "there is none" is what an installation has to hear of an optional package. On disk
 * where it was there before, or is asked for again: names that somebody makes up fill memory alone, and no more of it.
 */
async function keepAbsence(
  { upstreamCache, clock }: Parts,
  { kept, ...source }: Renewal,
): Promise<KeptPackument> {
  const document = absence(clock());
  if (upstreamCache.absentAt.size >= mostAbsences) upstreamCache.absentAt.clear();
  upstreamCache.absentAt.set(nameOf(source), document.checkedAt);
  if (kept === undefined) return document;
  for (const form of ['full', 'abbreviated'] as const) {
    await upstreamCache.write(keyOf(source, form), document);
  }
  return document;
}

async function ask(parts: Parts, { upstream, name, form, key, kept }: Renewal): Promise<KeptPackument> {
  const { upstreamCache: cache } = parts;
  const url = upstream.url + name.replace('/', '%2f');
  const question = { url, accept: accepted[form], etag: kept?.about.upstreamEtag, archive: false };
  return await whileItAnswers(
    parts,
    upstream,
    async () =>
      await askUpstream(upstream, question, async (answer) => {
        const checkedAt = parts.clock();
        if (answer.status === 304 && kept !== undefined) {
          const current = { ...kept, checkedAt };
          await cache.touch(key, current);
          return current;
        }
        refuseStatus(answer, name);
        const text = await textOf(answer);
        const made = understand(text, { name, form, known: kept?.about.archives ?? {} });
        for (const remark of made.remarks) parts.log(`upstream ${upstream.url}: ${name}: ${remark}`);
        const etag = createHash('sha256').update(made.body).digest('base64url');
        const about = { upstreamEtag: answer.etag, etag, archives: made.archives };
        const document = { about, body: made.body, checkedAt };
        cache.absentAt.delete(nameOf({ upstream, name }));
        await cache.write(key, document);
        return document;
      }),
  );
}

/** What an upstream says of one package is believed, be it that there is none; not that it is out of order. */
export function refuseStatus({ status }: Pick<UpstreamAnswer, 'status'>, name: string): void {
  if (status === 200) return;
  if (status === 404 || status === 410) throw noSuchPackage({ ecosystem: 'npm', name });
  if (status === 401 || status === 403 || status === 451) {
    throw new Refusal('upstream_refused', `the registry that ${name} is read from refuses it with ${status}`);
  }
  throw noAnswer(`it answered with ${status}`);
}

async function textOf(answer: UpstreamAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.read(largestPackument)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function understand(text: string, expected: Parameters<typeof readForeignPackument>[1]): ForeignPackument {
  try {
    return readForeignPackument(text, expected);
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message;
    throw noAnswer(reason);
  }
}

import { Refusal } from '../../../errors.ts';
import { noSuchPackage } from '../../../packages/packages.ts';
import type { Services } from '../../../services.ts';
import type { UpstreamRefusal } from '../../../upstream/cache.ts';
import { keepIfPossible } from '../../../upstream/keep-if-possible.ts';
import type { CachedDocument } from '../../../upstream/kept-documents.ts';
import type { Upstream } from '../../../upstream/upstreams.ts';
import type { PackumentForm } from '../packument.ts';
import type { OfferedArchives } from './foreign-packument.ts';

/** A package of an upstream, and who asks for it. */
export interface ForeignPackage {
  readonly upstream: Upstream;
  readonly name: string;
  /** Aborted when whoever asks has left. */
  readonly asker: AbortSignal;
}

/** A packument of an upstream, as this registry keeps it. */
export type KeptPackument = CachedDocument<AboutPackument>;

interface AboutPackument {
  /** The status with which upstream refuses the package: there is nothing else then. */
  readonly refusedWith?: number;
  /** The upstream's, for asking again. */
  readonly upstreamEtag: string | undefined;
  readonly etag: string;
  readonly archives: OfferedArchives;
}

type Parts = Pick<Services, 'upstreamCache' | 'clock' | 'log' | 'background'>;

type Named = Pick<ForeignPackage, 'upstream' | 'name'>;

export function nameOf({ upstream, name }: Named): string {
  return `npm ${upstream.url} ${name}`;
}

export function keyOf(source: Named, form: PackumentForm): string {
  return `${nameOf(source)} ${form}`;
}

/** What upstream said last of a form. A refusal is one of the package, and so of every form. */
export async function keptPackument(
  { upstreamCache }: Parts,
  source: Named,
  form: PackumentForm,
): Promise<KeptPackument | undefined> {
  const kept = await upstreamCache.read<AboutPackument>(keyOf(source, form));
  const refusal = upstreamCache.refusals.get(nameOf(source));
  return refusal !== undefined && refusal.at > (kept?.checkedAt ?? 0) ? asDocument(refusal) : kept;
}

function asDocument({ status, at }: UpstreamRefusal): KeptPackument {
  const about = { refusedWith: status, upstreamEtag: undefined, etag: '', archives: {} };
  return { about, body: '', checkedAt: at };
}

/** Keeps what was made of an upstream's answer, and forgets that it refused the package before. */
export async function keepPackument(
  { upstreamCache }: Parts,
  { form, kept, ...source }: Named & { form: PackumentForm; kept: KeptPackument | undefined },
  document: KeptPackument,
): Promise<void> {
  upstreamCache.refusals.delete(nameOf(source));
  await upstreamCache.write(keyOf(source, form), document);
  if (kept?.about.refusedWith === undefined) return;
  const other = keyOf(source, form === 'full' ? 'abbreviated' : 'full');
  const refusal = await upstreamCache.read<AboutPackument>(other);
  if (refusal?.about.refusedWith !== undefined) await upstreamCache.remove(other);
}

/** How many refusals are remembered. Above it all are forgotten, and asked for once more. */
const mostRefusals = 10_000;

/**
 * Kept too: without upstream, "there is none" is what an installation has to hear of an optional package, and what
 * was taken back must not come back. In place of both forms where either was there before, or when it is asked for
 * again: names that somebody makes up fill memory alone, and no more of it.
 */
export async function keepRefusal(
  parts: Parts,
  source: Named,
  refusal: UpstreamRefusal,
): Promise<KeptPackument> {
  const { upstreamCache: cache } = parts;
  const document = asDocument(refusal);
  const isKnown = await isKept(cache, source);
  if (cache.refusals.size >= mostRefusals) cache.refusals.clear();
  cache.refusals.set(nameOf(source), refusal);
  if (isKnown) {
    for (const form of forms) {
      await keepIfPossible(parts, () => cache.write(keyOf(source, form), document));
    }
  }
  return document;
}

const forms = ['full', 'abbreviated'] as const;

async function isKept(cache: Services['upstreamCache'], source: Named): Promise<boolean> {
  if (cache.refusals.has(nameOf(source))) return true;
  const kept = await Promise.all(forms.map((form) => cache.read(keyOf(source, form))));
  return kept.some((document) => document !== undefined);
}

/** Whether an upstream's answer is about the package. That it is out of order itself, or takes no token, is not. */
export function isRefusal(status: number): boolean {
  return [403, 404, 410, 451].includes(status);
}

export function refusalOf(status: number, name: string): Refusal {
  if (status === 404 || status === 410) return noSuchPackage({ ecosystem: 'npm', name });
  return new Refusal('upstream_refused', `the registry that ${name} is read from refuses it with ${status}`);
}

import { Refusal } from '../../../errors.ts';
import type { Services } from '../../../services.ts';
import type { OpenBlob } from '../../../store/blobs.ts';
import { askUpstream, whileItAnswers } from '../../../upstream/request.ts';
import type { ForeignArchive } from './foreign-packument.ts';
import { anyForeignPackument, type ForeignPackage, type KeptPackument, refuseStatus } from './packuments.ts';

type Parts = Pick<Services, 'upstreamCache' | 'clock' | 'log' | 'background' | 'settings'>;

/**
 * The digest of the archive of an upstream that is offered as `file`, once it is kept here. Only what its
 * packument names now, so that what was taken back there is gone here too; only with the SHA-512 that stands
 * there, checked before a byte is passed on.
 */
export async function keepForeignArchive(
  parts: Parts,
  source: ForeignPackage,
  file: string,
): Promise<string> {
  const { upstreamCache: cache } = parts;
  // A version may be newer than the packument that was kept.
  const archive =
    archiveIn(await anyForeignPackument(parts, source), file) ??
    archiveIn(await anyForeignPackument(parts, source, 0), file);
  if (archive === undefined) throw new Refusal('not_found', 'there is no such archive here');
  const key = `archive ${archive.sha512}`;
  const kept = await cache.read<{ readonly sha256: string }>(key);
  if (kept !== undefined && (await (await cache.archives()).has(kept.about.sha256))) return kept.about.sha256;
  return await cache.once(key, async () => {
    const sha256 = await whileItAnswers(parts, source.upstream, () => fetchArchive(parts, source, archive));
    await cache.write(key, { about: { sha256 }, body: '', checkedAt: parts.clock() });
    return sha256;
  });
}

export async function openForeignArchive(
  { upstreamCache }: Pick<Services, 'upstreamCache'>,
  sha256: string,
): Promise<OpenBlob> {
  const blob = await (await upstreamCache.archives()).open(sha256);
  if (blob === undefined) throw new Error(`the blob ${sha256} is missing`);
  return blob;
}

function archiveIn({ about }: KeptPackument, file: string): ForeignArchive | undefined {
  return Object.hasOwn(about.archives, file) ? about.archives[file] : undefined;
}

async function fetchArchive(
  { upstreamCache, settings, log }: Parts,
  { upstream, name }: ForeignPackage,
  { url, sha512 }: ForeignArchive,
): Promise<string> {
  const blobs = await upstreamCache.archives();
  return await askUpstream(upstream, { url, accept: '*/*', archive: true }, async (answer) => {
    refuseStatus(answer, name);
    const { maximumArchiveBytes: maximumBytes } = settings;
    const received = await blobs.receive(answer.read(maximumBytes), { maximumBytes });
    try {
      const found = Buffer.from(received.sha512, 'hex').toString('base64');
      if (found !== sha512) {
        log(
          `upstream ${upstream.url}: ${name}: an archive is not the one its packument names: expected sha512-${sha512}, got sha512-${found}`,
        );
        throw new Refusal(
          'upstream_refused',
          `an archive of ${name} is not the one its packument names: it is not passed on`,
        );
      }
      await blobs.keep(received);
      return received.sha256;
    } finally {
      await blobs.discard(received);
    }
  });
}

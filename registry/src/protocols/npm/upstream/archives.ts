import { Refusal } from '../../../errors.ts';
import type { Services } from '../../../services.ts';
import type { OpenBlob } from '../../../store/blob-folder.ts';
import { noAnswer } from '../../../upstream/no-answer.ts';
import { askUpstream } from '../../../upstream/request.ts';
import { refuseStatus } from './ask-for-packument.ts';
import type { ForeignArchive } from './foreign-packument.ts';
import type { ForeignPackage, KeptPackument } from './kept-packument.ts';
import { anyForeignPackument } from './packuments.ts';

type Parts = Pick<Services, 'upstreamCache' | 'clock' | 'log' | 'background' | 'settings'>;

/** The archive of an upstream that is offered as `file`. Only what its packument names now, so that what was taken back there is gone here too. */
export async function findForeignArchive(
  parts: Parts,
  source: ForeignPackage,
  file: string,
): Promise<ForeignArchive> {
  // A version may be newer than the packument that was kept.
  const archive =
    archiveIn(await anyForeignPackument(parts, source), file) ??
    archiveIn(await anyForeignPackument(parts, source, 0), file);
  if (archive === undefined) throw new Refusal('not_found', 'there is no such archive here');
  return archive;
}

/** The SHA-256 of an archive that was read before. */
export async function digestOf(
  { upstreamCache }: Pick<Services, 'upstreamCache'>,
  archive: ForeignArchive,
): Promise<string | undefined> {
  return (await upstreamCache.read<AboutArchive>(keyOf(archive)))?.about.sha256;
}

interface AboutArchive {
  readonly sha256: string;
}

function keyOf({ sha512 }: ForeignArchive): string {
  return `archive ${sha512}`;
}

/** Opens it, fetched where it is not kept. With the SHA-512 of its packument, checked before a byte is passed on. */
export async function openForeignArchive(
  parts: Parts,
  source: ForeignPackage,
  archive: ForeignArchive,
): Promise<OpenBlob & AboutArchive> {
  const { archives } = parts.upstreamCache;
  const known = await digestOf(parts, archive);
  const kept = known && (await archives.open(known));
  if (known && kept) return { ...kept, sha256: known };
  const sha256 = await parts.upstreamCache.once(keyOf(archive), source.asker, (unwanted) =>
    fetchArchive(parts, source, { ...archive, unwanted }),
  );
  const fetched = await archives.open(sha256);
  if (fetched === undefined) throw noAnswer('its archive had to make room before it was read');
  return { ...fetched, sha256 };
}

function archiveIn({ about }: KeptPackument, file: string): ForeignArchive | undefined {
  return Object.hasOwn(about.archives, file) ? about.archives[file] : undefined;
}

async function fetchArchive(
  parts: Parts,
  source: ForeignPackage,
  archive: ForeignArchive & { unwanted: AbortSignal },
): Promise<string> {
  const { upstream, name } = source;
  const { upstreamCache: cache, settings } = parts;
  const { url, unwanted } = archive;
  const question = { url, accept: '*/*', archive: true, unwanted };
  return await askUpstream(parts, upstream, question, async (answer) => {
    refuseStatus(answer, name);
    const { maximumArchiveBytes: maximumBytes } = settings;
    const received = await cache.archives.receive(answer.read(maximumBytes), { maximumBytes });
    try {
      refuseOther(parts, source, { expected: archive.sha512, received: received.sha512 });
      await cache.archives.keep(received);
    } finally {
      await cache.archives.discard(received);
    }
    const about: AboutArchive = { sha256: received.sha256 };
    await cache.write(keyOf(archive), { about, body: '', checkedAt: parts.clock() });
    return received.sha256;
  });
}

/** `expected` in Base64, `received` in hexadecimal, each as it came. */
function refuseOther(
  { log }: Parts,
  { upstream, name }: ForeignPackage,
  { expected, received }: { expected: string; received: string },
): void {
  const found = Buffer.from(received, 'hex').toString('base64');
  if (found === expected) return;
  log(
    `upstream ${upstream.url}: ${name}: an archive is not the one its packument names: expected sha512-${expected}, got sha512-${found}`,
  );
  throw new Refusal(
    'upstream_refused',
    `an archive of ${name} is not the one its packument names: it is not passed on`,
  );
}

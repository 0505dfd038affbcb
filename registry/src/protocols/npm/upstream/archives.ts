import { Refusal } from '../../../errors.ts';
import type { Services } from '../../../services.ts';
import type { OpenBlob } from '../../../store/blob-folder.ts';
import { keepIfPossible } from '../../../upstream/keep-if-possible.ts';
import { noAnswer } from '../../../upstream/no-answer.ts';
import { askUpstream, type UpstreamAnswer } from '../../../upstream/request.ts';
import { refuseStatus } from './ask-for-packument.ts';
import type { ForeignArchive } from './foreign-packument.ts';
import { type ForeignPackage, type KeptPackument, nameOf } from './kept-packument.ts';
import { anyForeignPackument } from './packuments.ts';

type Parts = Pick<Services, 'upstreamCache' | 'clock' | 'log' | 'background' | 'settings'>;

/** How old a packument may be that an archive is missing from, in milliseconds: else each request would ask for it. */
const missCountsFor = 15_000;

/** The archive of an upstream that is offered as `file`. Only what its packument names now, so that what was taken back there is gone here too. */
export async function findForeignArchive(
  parts: Parts,
  source: ForeignPackage,
  file: string,
): Promise<ForeignArchive> {
  // A version may be newer than the packument that was kept.
  const archive =
    archiveIn(await anyForeignPackument(parts, source), file) ??
    archiveIn(await anyForeignPackument(parts, source, missCountsFor), file);
  if (archive === undefined) throw new Refusal('not_found', 'there is no such archive here');
  return archive;
}

interface AboutArchive {
  readonly sha256: string;
  readonly size: number;
}

/** What is known of an archive that was read before. */
export async function knownArchive(
  { upstreamCache }: Pick<Services, 'upstreamCache'>,
  source: ForeignPackage,
  archive: ForeignArchive,
): Promise<AboutArchive | undefined> {
  return (await upstreamCache.read<AboutArchive>(keyOf(source, archive)))?.about;
}

/** Of its package alone: to name the digest of an archive is not to have it, and not everybody may read everything. */
function keyOf(source: ForeignPackage, { sha512 }: ForeignArchive): string {
  return `${nameOf(source)} archive ${sha512}`;
}

/** Opens it, fetched where it is not kept. With the SHA-512 of its packument, checked before a byte is passed on. */
export async function openForeignArchive(
  parts: Parts,
  source: ForeignPackage,
  archive: ForeignArchive,
): Promise<OpenBlob & AboutArchive> {
  const known = await knownArchive(parts, source, archive);
  const kept = known && (await openWhole(parts, known));
  if (kept !== undefined) return kept;
  const fetched = await parts.upstreamCache.once(keyOf(source, archive), source.asker, (unwanted) =>
    fetchArchive(parts, source, { ...archive, unwanted }),
  );
  const opened = await openWhole(parts, fetched);
  if (opened === undefined) throw noAnswer('its archive had to make room before it was read');
  return opened;
}

/** A file that a power loss cut short is not the archive. */
async function openWhole(
  { upstreamCache }: Parts,
  about: AboutArchive,
): Promise<(OpenBlob & AboutArchive) | undefined> {
  const opened = await upstreamCache.archives.open(about.sha256);
  if (opened === undefined || opened.size === about.size) return opened && { ...opened, ...about };
  opened.content.destroy();
  return undefined;
}

function archiveIn({ about }: KeptPackument, file: string): ForeignArchive | undefined {
  return Object.hasOwn(about.archives, file) ? about.archives[file] : undefined;
}

async function fetchArchive(
  parts: Parts,
  source: ForeignPackage,
  archive: ForeignArchive & { unwanted: AbortSignal },
): Promise<AboutArchive> {
  const { upstream, name } = source;
  const { url, unwanted } = archive;
  const question = { url, accept: '*/*', archive: true, unwanted };
  return await askUpstream(parts, upstream, question, async (answer) => {
    refuseStatus(answer, name);
    const about = await keepIfPossible(parts, () => keepArchive(parts, source, archive, answer));
    // Nothing is passed on before all of it was checked, so it has to lie somewhere.
    if (about === undefined) throw noAnswer('there is no room for its archive here');
    const document = { about, body: '', checkedAt: parts.clock() };
    await keepIfPossible(parts, () => parts.upstreamCache.write(keyOf(source, archive), document));
    return about;
  });
}

async function keepArchive(
  parts: Parts,
  source: ForeignPackage,
  { sha512 }: ForeignArchive,
  answer: UpstreamAnswer,
): Promise<AboutArchive> {
  const { archives } = parts.upstreamCache;
  const { maximumArchiveBytes: maximumBytes } = parts.settings;
  const received = await archives.receive(answer.read(maximumBytes), { maximumBytes });
  try {
    refuseOther(parts, source, { expected: sha512, received: received.sha512 });
    await archives.keep(received);
  } finally {
    await archives.discard(received);
  }
  return { sha256: received.sha256, size: received.size };
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

import { createHash } from 'node:crypto';
import type { Services } from '../../../services.ts';
import { keepIfPossible } from '../../../upstream/keep-if-possible.ts';
import { noAnswer } from '../../../upstream/no-answer.ts';
import type { Pins } from '../../../upstream/pins.ts';
import { askUpstream, type UpstreamAnswer } from '../../../upstream/request.ts';
import type { PackumentForm } from '../packument.ts';
import {
  type ForeignPackument,
  type ForeignReading,
  readForeignPackument,
  shapePackument,
} from './foreign-packument.ts';
import {
  type ForeignPackage,
  isRefusal,
  type KeptPackument,
  keepPackument,
  keepRefusal,
  keyOf,
  nameOf,
  refusalOf,
} from './kept-packument.ts';
import { withPackumentText } from './packument-text.ts';

type Parts = Pick<Services, 'upstreamCache' | 'clock' | 'log' | 'background'>;

const accepted: Readonly<Record<PackumentForm, string>> = {
  full: 'application/json',
  abbreviated: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8',
};

export interface PackumentQuestion extends ForeignPackage {
  readonly form: PackumentForm;
  /** What upstream said last. */
  readonly kept: KeptPackument | undefined;
  /** Aborted when nobody waits for it any more. */
  readonly unwanted: AbortSignal;
}

/** What upstream says now, kept for whoever asks next. */
export async function askForPackument(parts: Parts, asked: PackumentQuestion): Promise<KeptPackument> {
  const { upstream, name, form, kept, unwanted } = asked;
  const url = upstream.url + name.replace('/', '%2f');
  const etag = kept?.about.upstreamEtag;
  const question = { url, accept: accepted[form], etag, archive: false, unwanted };
  return await askUpstream(parts, upstream, question, async (answer) => {
    const checkedAt = parts.clock();
    if (answer.status === 304 && kept !== undefined) {
      const current = { ...kept, checkedAt };
      await keepIfPossible(parts, () => parts.upstreamCache.touch(keyOf(asked, form), current));
      return current;
    }
    if (isRefusal(answer.status))
      return await keepRefusal(parts, asked, { status: answer.status, at: checkedAt });
    refuseStatus(answer, name);
    const made = await withPackumentText(parts, asked, answer, (text) => takeIn(parts, asked, text));
    const etag = createHash('sha256').update(made.body).digest('base64url');
    const about = { upstreamEtag: answer.etag, etag, archives: made.archives };
    const document = { about, body: made.body, checkedAt };
    await keepIfPossible(parts, () => keepPackument(parts, asked, document));
    return document;
  });
}

/** What an upstream says of one package is believed, be it that there is none; not that it is out of order. */
export function refuseStatus({ status }: Pick<UpstreamAnswer, 'status'>, name: string): void {
  if (status === 200) return;
  if (status === 401 || isRefusal(status)) throw refusalOf(status, name);
  throw noAnswer(`it answered with ${status}`);
}

/** Pins what is new before anything of it is passed on. */
async function takeIn(parts: Parts, asked: PackumentQuestion, text: string): Promise<ForeignPackument> {
  const reading = understand(text, asked.name);
  const seen = new Map([...reading.offered].map(([version, { sha512 }]) => [version, sha512]));
  const pins = await pinned(parts, nameOf(asked), seen);
  const made = shapePackument(reading, { form: asked.form, pins });
  logRemarks(parts, asked, made);
  return made;
}

/** Where none can be added, those that are there still count. */
async function pinned(parts: Parts, key: string, seen: Pins): Promise<Pins> {
  const { pins } = parts.upstreamCache;
  const all = await keepIfPossible(parts, () => pins.add(key, seen));
  return all ?? new Map([...seen, ...(await pins.read(key))]);
}

function understand(text: string, name: string): ForeignReading {
  try {
    return readForeignPackument(text, name);
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message;
    throw noAnswer(reason);
  }
}

/** One line an hour for each kind: some packages have thousands of versions from before there was SHA-512. */
function logRemarks(
  { background, clock, log }: Parts,
  source: ForeignPackage,
  { changed, leftOut }: Pick<ForeignPackument, 'changed' | 'leftOut'>,
): void {
  const remark = (versions: readonly string[], text: string) => {
    if (versions.length === 0) return;
    background.runOnceAnHour(`${nameOf(source)} ${text}`, clock(), async () =>
      log(`upstream ${source.upstream.url}: ${source.name}: ${text}: ${listOf(versions)}`),
    );
  };
  remark(changed, 'versions said to be another archive than before, where the first one counts');
  remark(leftOut, 'versions left out for want of a checkable archive');
}

function listOf(versions: readonly string[]): string {
  const first = versions.slice(0, 5);
  const more = versions.length - first.length;
  return first.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

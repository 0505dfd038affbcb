import type { FastifyRequest } from 'fastify';
import type { Requester } from '../../accounts/actor.ts';
import { refuseWhileHeld } from '../../accounts/hold.ts';
import { needsCode } from '../../accounts/second-factor/demand.ts';
import { refuseBeyondLimits } from '../../accounts/tokens/limits.ts';
import { logRefusals } from '../../audit/refusals.ts';
import { packageLabel } from '../../packages/packages.ts';
import { publishRelease } from '../../releases/publish.ts';
import { stageRelease } from '../../releases/stage.ts';
import {
  admissionTo,
  type ExactRelease,
  type ReleaseId,
  releaseSubject,
  standingOf,
} from '../../releases/standing.ts';
import type { Services } from '../../services.ts';
import type { ReceivedBlob } from '../../store/received-blob.ts';
import { bodyStream, requireRequester } from '../request.ts';
import { stagePageUrl } from '../stage-page.ts';
import { parseCrateName } from './crate-name.ts';
import { parseCrateVersion } from './crate-version.ts';
import { refuseClash } from './find-crate.ts';
import { readPublishBody } from './publish-body.ts';
import { readCrate } from './submission.ts';
import { indexUrl } from './urls.ts';

/**
 * `PUT /cargo/api/v1/crates/new`: "Publish" of the Cargo book's registry web API. Of the JSON only the name and the
 * version are looked at; everything else is read from the crate, as crates.io does.
 */
export async function putCrate(services: Services, request: FastifyRequest) {
  const requester = await requireRequester(services, request);
  const maximumBytes = services.settings.maximumArchiveBytes;
  const { metadata, crate } = await readPublishBody(bodyStream(request), maximumBytes);
  const name = parseCrateName(metadata['name']);
  const id = { ecosystem: 'cargo', name, version: parseCrateVersion(metadata['vers']) };
  await refuseEarly(services, requester, id);
  const received = await services.blobs.receive(crate, { maximumBytes });
  try {
    return withWarnings(await takeIn(services, requester, { ...id, sha256: received.sha256 }, received));
  } finally {
    await services.blobs.discard(received);
  }
}

/** What needs no crate to be refused, before it is read: what is refused to everybody who would publish or stage. */
async function refuseEarly(services: Services, { actor }: Requester, id: ReleaseId): Promise<void> {
  const attempt = { tag: 'release:refused', actor: actor.name, subject: releaseSubject(id) } as const;
  await logRefusals(services, attempt, async () => {
    refuseBeyondLimits(actor, ['publish', 'stage'], packageLabel(id));
    await admissionTo(services.database.read, actor, id);
    await refuseWhileHeld(services.database.read, actor.accountId, services.clock());
    await refuseClash(services.database.read, id);
  });
}

/** Publishes, or stages where that takes a factor which cargo cannot send. Gives what its user is told. */
async function takeIn(
  services: Services,
  requester: Requester,
  id: ExactRelease,
  received: ReceivedBlob,
): Promise<string[]> {
  const { name, version } = id;
  const expected = { name, version, tag: 'latest', access: undefined, publisher: requester.actor.name };
  const read = () => readCrate(received, expected, indexUrl(services.settings.publicUrl()));
  if (await mustStage(services, requester, id)) {
    const { stageId, state } = await stageRelease(services, requester, id, read);
    if (state === 'staged')
      return [`staged, not published: approve it at ${stagePageUrl(services, stageId)}`];
  } else {
    const { created, notice } = await publishRelease(services, requester, id, read);
    if (created) return notice === undefined ? [] : [notice];
  }
  return [`${name} ${version} was published before, with exactly these bytes`];
}

/** True where publishing takes a factor, or a token that may do more, and where the release is staged already. */
async function mustStage(services: Services, { actor, code }: Requester, id: ExactRelease): Promise<boolean> {
  const { limits, once } = actor.credential;
  if (code !== undefined || once !== undefined) return false;
  if (limits !== undefined && !limits.scopes.includes('publish')) return true;
  const standing = await standingOf(services.database.read, actor, id);
  if (standing.kind === 'taken') return standing.state === 'staged';
  return await needsCode(services.database.read, actor.accountId, standing.demand);
}

/** Each text is printed as a warning, before cargo says that it has uploaded: the only way to say something on success. */
function withWarnings(other: readonly string[]) {
  return { warnings: { invalid_categories: [], invalid_badges: [], other } };
}

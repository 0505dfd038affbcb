import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import type { PublishOutcome } from '../ecosystems/registry.ts';
import { PubError } from '../errors.ts';
import { type OneTimePasswordSource, withSecondFactor } from '../second-factor/with-second-factor.ts';
import type { Secret } from '../secret.ts';
import { askBefore } from './ask-before.ts';
import { sayAvailability } from './availability.ts';
import { awaitRelease } from './await-release.ts';
import { acceptConcerns } from './concerns.ts';
import { oneTimePasswordSource, withCodeOrStage } from './one-time-password.ts';
import { openCandidates, type Packed, type PublishChoices, packCandidate } from './prepare-release.ts';
import {
  outcomeAsJson,
  type Release,
  releaseAsJson,
  reportDryRun,
  reportPublished,
  sayOutcome,
  showRelease,
} from './publish-report.ts';
import { renewingLogin } from './renew-login.ts';
import { ownerHint, sendRelease } from './send-release.ts';
import { withHint } from './with-hint.ts';

export interface PublishCommandRequest extends PublishChoices {
  /** A project's folder or an archive, relative to the working directory. */
  readonly path: string;
  readonly oneTimePassword: Secret | undefined;
  /** Publishes in spite of dangerous files. */
  readonly acceptDanger: boolean;
  /** Waits until what was published can be installed, where the registry looks at it first. */
  readonly wait: boolean;
}

export type PublishContext = Context;

/**
 * Publishes a package. Whatever can be refused is refused before the archive is sent: what the manifest
 * forbids before packing, what the registry forbids and a missing code before the upload.
 */
export async function publish(context: PublishContext, request: PublishCommandRequest): Promise<void> {
  const project = await context.projects.open(resolve(context.workingDirectory, request.path));
  const [candidate] = await openCandidates(context, [project], request);
  if (candidate === undefined) throw new Error('a project that became no candidate');
  const source = oneTimePasswordSource(
    context,
    request.oneTimePassword,
    candidate.connection.registry,
    withCodeOrStage,
  );
  const packed = await packCandidate(context, candidate, request);
  const release = await planned(context, packed);
  showRelease(context, release);
  await acceptConcerns(context, packed.request.archive, request);
  if (request.dryRun) return reportDryRun(context, release);
  if (release.decision === 'published') return reportPublished(context, release, undefined);
  const outcome = await upload(context, release, source);
  // Before anything else can fail: whoever reads of a failure has to know that this is out.
  sayOutcome(context, release, outcome);
  try {
    await awaitRelease(context, release, outcome, request);
    if (outcome.state === 'published') {
      await project.afterPublish(packed.packing);
      await sayAvailability(context, [release], request);
    }
  } catch (error) {
    throw afterUpload(error, release, outcome);
  }
  reportPublished(context, release, outcome);
}

/** The same failure, with what had been done before it. */
function afterUpload(error: unknown, release: Release, outcome: PublishOutcome): unknown {
  if (!(error instanceof PubError)) return error;
  const { code, message, hint, cause } = error;
  const details = { ...releaseAsJson(release), ...outcomeAsJson(outcome) };
  return new PubError(code, message, { cause, hint, details });
}

async function planned(context: PublishContext, packed: Packed): Promise<Release> {
  const { connection, login, request } = packed;
  if (login.credential === undefined) return { ...packed, plan: undefined, decision: undefined };
  return await withHint(ownerHint(request.archive), async () => {
    const plan = await renewingLogin(context, packed, (token) =>
      connection.registry.planPublish(token, [request]),
    );
    const [release] = plan.releases;
    if (release === undefined) throw new Error('a plan without its release');
    if (release.decision === 'refuse') throw release.refusal;
    return { ...packed, plan, decision: release.decision };
  });
}

/**
 * A code is asked for before the upload where the registry said it needs one, so that a long upload is not
 * thrown away. One that is refused is asked for once more, as `withSecondFactor` does. To stage takes none.
 */
async function upload(
  context: PublishContext,
  release: Release,
  source: OneTimePasswordSource,
): Promise<PublishOutcome> {
  const { archive, stage } = release.request;
  const asked = stage ? undefined : await askBefore(source, release.plan, textOf(release));
  return await withHint(ownerHint(archive), () =>
    withSecondFactor(source, (code) => sendRelease(context, release, code ?? asked)),
  );
}

function textOf({ request: { archive } }: Release): string {
  return `to publish ${archive.name}@${archive.version}`;
}

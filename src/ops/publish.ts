import { resolve } from 'node:path';
import type { RegistryChoice } from '../config/registries.ts';
import type { Context } from '../context.ts';
import type { Credential } from '../credentials/provider.ts';
import type { Archive, PackOptions, Project } from '../ecosystems/ecosystem.ts';
import type { PublishRequest } from '../ecosystems/registry.ts';
import { PubError } from '../errors.ts';
import {
  type OneTimePasswordSource,
  type Reason,
  withSecondFactor,
} from '../second-factor/with-second-factor.ts';
import type { Secret } from '../secret.ts';
import { acceptConcerns } from './concerns.ts';
import { type Connection, openConnection, optionalCredential } from './connection.ts';
import { oneTimePasswordSource } from './one-time-password.ts';
import { pack } from './packing.ts';
import { type Release, reportDryRun, reportPublished, showRelease } from './publish-report.ts';
import { chooseTag } from './release-tag.ts';
import { withHint } from './with-hint.ts';

export interface PublishCommandRequest {
  /** A project's folder or an archive, relative to the working directory. */
  readonly path: string;
  readonly registry: string | undefined;
  readonly tag: string | undefined;
  readonly access: 'public' | 'restricted' | undefined;
  readonly oneTimePassword: Secret | undefined;
  /** Goes as far as the registry's opinion, and sends nothing. */
  readonly dryRun: boolean;
  readonly runScripts: boolean;
  /** Publishes in spite of dangerous files. */
  readonly acceptDanger: boolean;
}

type PublishContext = Omit<Context, 'readStandardInput'>;

/**
 * Publishes a package. Whatever can be refused is refused before the archive is sent: what the manifest
 * forbids before packing, what the registry forbids and a missing code before the upload.
 */
export async function publish(context: PublishContext, request: PublishCommandRequest): Promise<void> {
  const project = await context.openProject(resolve(context.workingDirectory, request.path));
  tagFor(project, request);
  const connection = await openConnection(context, registryChoice(project, request));
  const source = oneTimePasswordSource(context, request.oneTimePassword, connection.registry);
  const credential = await credentialFor(context, connection, request);
  const packing = await packOptions(context, request);
  const archive = await pack(context, project, packing);
  context.terminal.status('Packaged', `${archive.name}@${archive.version}`);
  const tag = tagFor(project, request);
  await refuseMovedRegistry(context, connection, registryChoice(project, request));
  const access = request.access ?? project.publishSettings().access;
  const release = await planned(connection, credential, { archive, tag, access });
  showRelease(context, release);
  await acceptConcerns(context, archive, request);
  if (request.dryRun) return reportDryRun(context, release);
  if (release.plan?.alreadyPublished !== true) {
    await upload(context, release, source);
    await project.afterPublish(packing);
  }
  reportPublished(context, release);
}

/** What the manifest alone decides. Asked before packing, and again after: scripts may change the manifest. */
function tagFor(project: Project, request: PublishCommandRequest): string {
  const settings = project.publishSettings();
  if (settings.private) {
    throw new PubError('E_REFUSED', `\`${project.name}\` is marked as private in its manifest`, {
      hint: 'remove "private" from package.json to publish it',
    });
  }
  return chooseTag(project.version, request.tag ?? settings.tag);
}

function registryChoice(project: Project, { registry }: PublishCommandRequest): RegistryChoice {
  return { explicit: registry, packageName: project.name, publishConfig: project.publishSettings().config };
}

/** A dry run is useful to somebody who has not logged in; then the registry is not asked. */
async function credentialFor(
  context: PublishContext,
  { target }: Connection,
  { dryRun }: PublishCommandRequest,
): Promise<Credential | undefined> {
  return dryRun ? await optionalCredential(context, target) : await context.credentials.require(target);
}

async function packOptions(
  context: PublishContext,
  { runScripts }: PublishCommandRequest,
): Promise<PackOptions> {
  return { folder: await context.temporaryFolder(), runScripts, purpose: 'publish' };
}

/**
 * The scripts may have changed the manifest, and with it the registry. The token was chosen for the one the
 * manifest named at first, and must not go to another.
 */
async function refuseMovedRegistry(
  { registries }: PublishContext,
  { target }: Connection,
  choice: RegistryChoice,
): Promise<void> {
  const now = await registries.resolve(choice);
  if (now.url === target.url) return;
  throw new PubError('E_REFUSED', 'the scripts of the package changed the registry it is published to', {
    hint: 'name the registry you mean with --registry',
  });
}

async function planned(
  connection: Connection,
  credential: Credential | undefined,
  request: PublishRequest,
): Promise<Release> {
  if (credential === undefined) return { connection, credential, request, plan: undefined };
  const plan = await withHint(ownerHint(request.archive), () =>
    connection.registry.planPublish(credential.token, request),
  );
  return { connection, credential, request, plan };
}

function ownerHint({ name }: Archive) {
  return { E_FORBIDDEN: `run \`pub owner list ${name}\` to see who may publish it` };
}

/**
 * A code is asked for before the upload where the registry said it needs one, so that a long upload is not
 * thrown away. One that is refused is asked for once more, as `withSecondFactor` does.
 */
async function upload(
  context: PublishContext,
  release: Release,
  source: OneTimePasswordSource,
): Promise<void> {
  const { request, credential } = release;
  if (credential === undefined) throw new Error('an upload without a credential');
  const { archive } = request;
  const askFirst = source.given === undefined && release.plan?.secondFactor === true;
  const asked = askFirst ? await source.ask(reasonOf(release)) : undefined;
  await withHint(ownerHint(archive), () =>
    withSecondFactor(source, (code) =>
      send(context, release, { token: credential.token, oneTimePassword: code ?? asked }),
    ),
  );
}

function reasonOf({ plan, request }: Release): Reason {
  const { name, version } = request.archive;
  return { text: `to publish ${name}@${version}`, browser: plan?.browser, codes: plan?.codes };
}

async function send(
  { terminal }: PublishContext,
  { connection, request }: Release,
  proofs: { readonly token: Secret; readonly oneTimePassword: Secret | undefined },
): Promise<void> {
  const progress = terminal.progress('Uploading', request.archive.size);
  try {
    await connection.registry.publish(proofs, request, (sent) => progress.update(sent));
  } finally {
    progress.finish();
  }
}

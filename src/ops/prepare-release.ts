import type { RegistryChoice } from '../config/registries.ts';
import type { Context } from '../context.ts';
import type { PackOptions, Project } from '../ecosystems/ecosystem.ts';
import type { PublishRequest } from '../ecosystems/registry.ts';
import { PubError } from '../errors.ts';
import { type Connection, openConnection, optionalCredential } from './connection.ts';
import { pack } from './packing.ts';
import { readProvenanceFile } from './provenance-file.ts';
import { chooseTag } from './release-tag.ts';
import type { CurrentLogin } from './renew-login.ts';

/** What a person chose for all that one command publishes. */
export interface PublishChoices {
  readonly registry: string | undefined;
  readonly tag: string | undefined;
  readonly access: 'public' | 'restricted' | undefined;
  /** Hands the release in for an approval. */
  readonly stage: boolean;
  /** Goes as far as the registry's opinion, and sends nothing. */
  readonly dryRun: boolean;
  readonly runScripts: boolean;
  readonly allowDirty: boolean;
  readonly verify: boolean;
  /** A file with a Sigstore bundle, relative to the working directory. */
  readonly provenanceFile: string | undefined;
}

/** A registry and, unless a dry run does without, the token for it. All that goes there shares them. */
export interface Destination {
  readonly connection: Connection;
  readonly login: CurrentLogin;
}

/** A project that may be published, and where to. */
export interface Candidate extends Destination {
  readonly project: Project;
}

/** A packed project. */
export interface Packed extends Candidate {
  readonly packing: PackOptions;
  readonly request: PublishRequest;
}

type PrepareContext = Pick<
  Context,
  'registries' | 'credentials' | 'connect' | 'terminal' | 'temporaryFolder' | 'workingDirectory'
>;

/** What can be refused before anything is packed. Several projects share a connection and a token. */
export async function openCandidates(
  context: PrepareContext,
  projects: readonly Project[],
  choices: PublishChoices,
): Promise<readonly Candidate[]> {
  for (const project of projects) tagFor(project, choices);
  const destinations = new Map<string, Destination>();
  const candidates: Candidate[] = [];
  for (const project of projects) {
    const { url } = await context.registries.resolve(registryChoice(project, choices));
    const destination = destinations.get(url) ?? (await openDestination(context, project, choices));
    destinations.set(url, destination);
    candidates.push({ ...destination, project });
  }
  return candidates;
}

/** A dry run is useful to somebody who has not logged in; then the registry is not asked. */
async function openDestination(
  context: PrepareContext,
  project: Project,
  choices: PublishChoices,
): Promise<Destination> {
  const connection = await openConnection(context, registryChoice(project, choices));
  const { target } = connection;
  const credential = choices.dryRun
    ? await optionalCredential(context, target)
    : await context.credentials.require(target);
  return { connection, login: { credential } };
}

export async function packCandidate(
  context: PrepareContext,
  candidate: Candidate,
  choices: PublishChoices,
): Promise<Packed> {
  const { project, connection } = candidate;
  const { runScripts, stage, allowDirty, verify } = choices;
  const folder = await context.temporaryFolder();
  const registryUrl = connection.target.url;
  const packing = { folder, runScripts, purpose: 'publish', registryUrl, allowDirty, verify } as const;
  if (candidate.login.credential !== undefined) connection.registry.warmUp?.();
  const archive = await pack(context, project, packing);
  context.terminal.status('Packaged', `${archive.name}@${archive.version}`);
  const tag = tagFor(project, choices);
  await refuseMovedRegistry(context, connection, registryChoice(project, choices));
  const access = choices.access ?? project.publishSettings().access;
  const provenance = await readProvenanceFile(context, choices.provenanceFile);
  return { ...candidate, packing, request: { archive, tag, access, stage, provenance } };
}

/** What the manifest alone decides. Asked before packing, and again after: scripts may change the manifest. */
function tagFor(project: Project, choices: PublishChoices): string | undefined {
  const settings = project.publishSettings();
  if (settings.private) {
    throw new PubError('E_REFUSED', `\`${project.name}\` is marked as private in its manifest`, {
      hint:
        project.ecosystem === 'npm'
          ? 'remove "private" from package.json to publish it'
          : 'remove `publish` from Cargo.toml, or name the registries in it, to publish it',
    });
  }
  if (project.ecosystem === 'cargo') return noTag(choices);
  return chooseTag(project.version, choices.tag ?? settings.tag);
}

function noTag({ tag, access }: PublishChoices): undefined {
  if (tag === undefined && access === undefined) return undefined;
  throw new PubError('E_USAGE', `--${tag === undefined ? 'access' : 'tag'} is for npm packages`, {
    hint: 'leave it out: the registries of cargo know no such thing',
  });
}

export function registryChoice(
  project: Project,
  { registry }: Pick<PublishChoices, 'registry'>,
): RegistryChoice {
  const { config, allowedRegistries } = project.publishSettings();
  return {
    ecosystem: project.ecosystem,
    explicit: registry,
    packageName: project.name,
    publishConfig: config,
    allowed: allowedRegistries,
  };
}

/**
 * The scripts may have changed the manifest, and with it the registry. The token was chosen for the one the
 * manifest named at first, and must not go to another.
 */
async function refuseMovedRegistry(
  { registries }: PrepareContext,
  { target }: Connection,
  choice: RegistryChoice,
): Promise<void> {
  const now = await registries.resolve(choice);
  if (now.url === target.url) return;
  throw new PubError('E_REFUSED', 'the scripts of the package changed the registry it is published to', {
    hint: 'name the registry you mean with --registry',
  });
}

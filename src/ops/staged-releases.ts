import { constants } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Context } from '../context.ts';
import type { Archive } from '../ecosystems/ecosystem.ts';
import type { StagedRelease } from '../ecosystems/staging.ts';
import { PubError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { openAuthenticated } from './authenticated.ts';
import type { ChangeContext, ChangeRequest } from './change-at-registry.ts';
import { oneTimePasswordSource } from './one-time-password.ts';
import { reusingCode } from './reuse-code.ts';
import { withHint } from './with-hint.ts';

/** A registry without staged releases answers as if they were not there. */
const hints = { E_NOT_FOUND: 'this registry may know no staged releases' };

interface StageRequest {
  readonly registry: string | undefined;
}

export async function listStaged(
  context: ChangeContext,
  request: StageRequest & { readonly packageName: string | undefined },
): Promise<void> {
  const { packageName } = request;
  const { registry, withToken } = await openAuthenticated(context, {
    explicit: request.registry,
    packageName,
  });
  const staged = await withHint(hints, () => withToken((token) => registry.staging.list(token, packageName)));
  const lines = staged.map(
    ({ id, packageName: name, version, stagedBy }) =>
      `${id}  ${name}@${version}${stagedBy === undefined ? '' : `  by ${stagedBy}`}`,
  );
  if (staged.length === 0) context.terminal.note('Nothing waits for an approval.');
  context.terminal.result({ staged: staged.map(asJson) }, lines.join('\n'));
}

export async function viewStaged(
  context: ChangeContext,
  request: StageRequest & { readonly id: string },
): Promise<void> {
  const { registry, withToken } = await openAuthenticated(context, { explicit: request.registry });
  const staged = await withToken((token) => registry.staging.view(token, request.id));
  const lines = fieldsOf(staged).map(([name, value]) => `${name}: ${value}`);
  context.terminal.result(asJson(staged), lines.join('\n'));
}

/** The archive that waits, checked against what the registry says of it: to be looked at before it is approved. */
export async function downloadStaged(
  context: ChangeContext & Pick<Context, 'projects' | 'temporaryFolder' | 'workingDirectory'>,
  request: StageRequest & { readonly id: string; readonly folder: string | undefined },
): Promise<void> {
  const { registry, withToken } = await openAuthenticated(context, { explicit: request.registry });
  const staged = await withToken((token) => registry.staging.view(token, request.id));
  const folder = await context.temporaryFolder();
  const downloaded = await withToken((token) => registry.staging.download(token, staged, folder));
  const project = await context.projects.open(downloaded);
  const archive = await project.pack({ folder, runScripts: false, purpose: 'package' });
  requireSame(staged, archive);
  const path = join(resolve(context.workingDirectory, request.folder ?? '.'), basename(downloaded));
  await putNew(downloaded, path);
  context.terminal.status(
    'Downloaded',
    `${staged.packageName}@${staged.version}, sha256 ${archive.digests.sha256}`,
  );
  context.terminal.result({ ...asJson(staged), path }, path);
}

/** As a new file: a project may hold a link of this name. */
async function putNew(from: string, path: string): Promise<void> {
  const put = rm(path, { force: true }).then(() => copyFile(from, path, constants.COPYFILE_EXCL));
  await put.catch((cause: unknown) => {
    const hint = 'name a folder that is there with --out';
    throw new PubError('E_USAGE', `failed to write \`${path}\``, { cause, hint });
  });
}

/** What is looked at must be what would be approved. */
function requireSame(staged: StagedRelease, { name, version, digests }: Archive): void {
  const same =
    name === staged.packageName &&
    version === staged.version &&
    (staged.sha1 ?? digests.sha1) === digests.sha1 &&
    (staged.sha256 ?? digests.sha256) === digests.sha256;
  if (same) return;
  throw new PubError('E_REGISTRY', `the archive of the staged release \`${staged.id}\` is another one`, {
    cause: new Error(`it holds ${name}@${version}, sha256 ${digests.sha256}`),
    hint: 'do not approve it; tell whoever runs the registry',
  });
}

/** Shows each, then decides each. One code serves for all of them where the registry takes it more than once. */
export async function decideStaged(
  context: ChangeContext,
  request: ChangeRequest & { readonly ids: readonly string[]; readonly decision: 'approve' | 'reject' },
): Promise<void> {
  const { registry, withToken } = await openAuthenticated(context, { explicit: request.registry });
  const { decision } = request;
  const waiting: StagedRelease[] = [];
  for (const id of new Set(request.ids)) {
    waiting.push(await withToken((token) => registry.staging.view(token, id)));
  }
  for (const staged of waiting) context.terminal.fields(fieldsOf(staged));
  const withCode = reusingCode(oneTimePasswordSource(context, request.oneTimePassword, registry));
  const decided: StagedRelease[] = [];
  for (const staged of waiting) {
    try {
      await withCode((oneTimePassword) =>
        withToken((token) => registry.staging[decision]({ token, oneTimePassword }, staged.id)),
      );
    } catch (error) {
      throw waiting.length === 1 ? error : halfDone(context, error, { decision, decided, waiting });
    }
    decided.push(staged);
    const verb = decision === 'approve' ? 'Approved' : 'Rejected';
    context.terminal.status(verb, `${staged.packageName}@${staged.version}`);
  }
  const done = decision === 'approve' ? 'approved' : 'rejected';
  context.terminal.result({ [done]: decided.map(asJson) }, '');
}

interface HalfDone {
  readonly decision: 'approve' | 'reject';
  readonly decided: readonly StagedRelease[];
  readonly waiting: readonly StagedRelease[];
}

function halfDone(
  { terminal }: ChangeContext,
  error: unknown,
  { decision, decided, waiting }: HalfDone,
): unknown {
  const left = waiting.filter((staged) => !decided.includes(staged)).map(({ id }) => id);
  terminal.note(`Still waiting: ${left.join(' ')}`);
  if (!(error instanceof PubError)) return error;
  const { code, message, hint, cause } = error;
  const details = {
    [`${decision}d`.replace('rejectd', 'rejected')]: decided.map(({ id }) => id),
    waiting: left,
  };
  return new PubError(code, message, { cause, hint, details });
}

function fieldsOf(staged: StagedRelease): (readonly [string, string])[] {
  const { id, packageName, version, tag, state, stagedBy, stagedAt, access, sha1, sha256 } = staged;
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['id', id],
    ['package', `${packageName}@${version}`],
    ['tag', tag],
    ['state', state],
    ['staged by', stagedBy],
    ['staged at', stagedAt],
    ['access', access],
    ['sha256', sha256],
    ...(sha256 === undefined ? [['shasum', sha1] as const] : []),
  ];
  return fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function asJson(staged: StagedRelease): JsonObject {
  const { id, ecosystem, packageName, version, tag, state, stagedBy, stagedAt, access, sha1, sha256 } =
    staged;
  return {
    ...{ id, ecosystem, package: packageName, version, tag: tag ?? null, state: state ?? null },
    ...{ stagedBy: stagedBy ?? null, stagedAt: stagedAt ?? null, access: access ?? null },
    ...{ sha1: sha1 ?? null, sha256: sha256 ?? null },
  };
}

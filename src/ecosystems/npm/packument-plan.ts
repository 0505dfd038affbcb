import { PubError } from '../../errors.ts';
import { refusalOf } from '../../http/registry-error.ts';
import { isJsonObject, parseJsonObject, stringMember } from '../../json.ts';
import type { Secret } from '../../secret.ts';
import type { Archive } from '../ecosystem.ts';
import type { PublishPlan, ReleasePlan } from '../registry.ts';
import { integrityOfVersion } from './packument.ts';
import { isSuccess, packagePath, type RegistryClient, unexpectedAnswer } from './registry-client.ts';
import { isAccountName } from './sessions.ts';
import { publishAttempt } from './upload.ts';

/** Everything but the versions' install metadata is left out of this form of a packument. */
const abbreviated = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*';

/** Without a preflight, what the packages' documents say: whether a version is taken, and by what. */
export async function planFromPackuments(
  client: RegistryClient,
  token: Secret,
  archives: readonly Archive[],
): Promise<PublishPlan> {
  const [profile, ...releases] = await Promise.all([
    readProfile(client, token),
    ...archives.map((archive) => planOf(client, token, archive)),
  ]);
  const accepted = releases.some(({ decision }) => decision === 'accept');
  return { account: profile.account, secondFactor: accepted && profile.secondFactor, releases };
}

/** npm's profile, where the registry has one for this token. It is advice: without it the upload is challenged. */
async function readProfile(
  client: RegistryClient,
  token: Secret,
): Promise<Pick<PublishPlan, 'account'> & { readonly secondFactor: 'likely' | 'unknown' }> {
  const attempt = `failed to read the profile of the account at ${client.displayUrl}`;
  const response = await client.ask({
    method: 'GET',
    path: '-/npm/v1/user',
    command: 'profile',
    attempt,
    token,
  });
  const profile = isSuccess(response) ? parseJsonObject(response.text) : undefined;
  const name = stringMember(profile, 'name');
  const tfa = profile?.['tfa'];
  const asks = isJsonObject(tfa) && tfa['mode'] === 'auth-and-writes' && tfa['pending'] !== true;
  return {
    account: name !== undefined && isAccountName(name) ? name : undefined,
    secondFactor: asks ? 'likely' : 'unknown',
  };
}

async function planOf(client: RegistryClient, token: Secret, archive: Archive): Promise<ReleasePlan> {
  const attempt = publishAttempt(client, archive);
  const response = await client.ask({
    method: 'GET',
    path: packagePath(archive.name),
    command: 'publish',
    attempt,
    token,
    accept: abbreviated,
  });
  if (response.status === 404) return { decision: 'accept' };
  if (!isSuccess(response)) throw refusalOf(response, attempt);
  const packument = parseJsonObject(response.text);
  if (packument === undefined) throw unexpectedAnswer(attempt, 'it is not a JSON object');
  const integrity = integrityOfVersion(packument, archive.version);
  if (integrity === undefined) return { decision: 'accept' };
  if (integrity === archive.digests.integrity) return { decision: 'published' };
  const what = integrity === 'none' ? 'and the registry does not say what is in it' : 'with other contents';
  return { decision: 'refuse', refusal: taken(attempt, archive, what) };
}

function taken(attempt: string, { name, version }: Archive, what: string): PubError {
  return new PubError('E_VERSION_EXISTS', attempt, {
    cause: new Error(`${name}@${version} is already published, ${what}`),
    hint: 'raise the version in the manifest',
  });
}

import { isJsonObject, type Json, stringMember } from '../../json.ts';
import { Secret } from '../../secret.ts';
import type { Proofs } from '../proofs.ts';
import type { PackageOf } from '../pub-registry.ts';
import type { SecondFactorMode, SecondFactorStatus } from '../registry.ts';
import { packagePath, type RegistryClient, unexpectedAnswer } from './registry-client.ts';

/** npm's profile (`/-/npm/v1/user`), which holds the state of an account's second factor. */
const profile = { path: '-/npm/v1/user', command: 'profile' } as const;

export async function secondFactorStatus(client: RegistryClient, token: Secret): Promise<SecondFactorStatus> {
  const attempt = `failed to read the second factor of the account at ${client.displayUrl}`;
  const { tfa } = await client.read({ method: 'GET', ...profile, attempt, token });
  if (tfa === undefined || tfa === null || tfa === false) return { mode: 'disabled', pending: false };
  const mode = isJsonObject(tfa) ? stringMember(tfa, 'mode') : undefined;
  if (!isJsonObject(tfa) || !isMode(mode)) throw unexpectedAnswer(attempt, 'it names no mode');
  // A mode that is pending protects nothing yet.
  return tfa['pending'] === true ? { mode: 'disabled', pending: true } : { mode, pending: false };
}

function isMode(mode: string | undefined): mode is SecondFactorMode {
  return mode === 'auth-only' || mode === 'auth-and-writes';
}

/**
 * Begins an enrolment, or changes the mode of an account that is enrolled. An enrolment that was begun and
 * never confirmed is taken back first, as npm does: some registries refuse a second one.
 */
export async function beginEnrolment(
  client: RegistryClient,
  proofs: Proofs,
  password: Secret,
  mode: SecondFactorMode,
): Promise<Secret | undefined> {
  const { pending } = await secondFactorStatus(client, proofs.token);
  if (pending) await disableSecondFactor(client, proofs, password);
  const attempt = `failed to enrol a second factor at ${client.displayUrl}`;
  const tfa = await post(client, { proofs, attempt, tfa: { password: password.expose(), mode } });
  if (isJsonObject(tfa) && tfa['mode'] === mode) return undefined;
  if (typeof tfa !== 'string' || !isEnrolmentUri(tfa)) {
    throw unexpectedAnswer(attempt, 'it holds nothing to enrol');
  }
  return new Secret(tfa);
}

/** `otpauth://totp/…?secret=<base32>`, as authenticator apps read it, and nothing a terminal would obey. */
function isEnrolmentUri(text: string): boolean {
  if (!/^otpauth:\/\/totp\/[\x21-\x7e]{1,2048}$/.test(text) || !URL.canParse(text)) return false;
  return /^[A-Z2-7]{16,256}=*$/i.test(new URL(text).searchParams.get('secret') ?? '');
}

export async function confirmEnrolment(
  client: RegistryClient,
  proofs: Proofs,
  code: Secret,
): Promise<readonly Secret[]> {
  const attempt = `failed to confirm the second factor at ${client.displayUrl}`;
  const tfa = await post(client, { proofs, attempt, tfa: [code.expose()] });
  if (!Array.isArray(tfa) || tfa.length > 100 || !tfa.every(isRecoveryCode)) {
    throw unexpectedAnswer(attempt, 'it holds no list of recovery codes');
  }
  return tfa.map((recovery) => new Secret(recovery));
}

function isRecoveryCode(value: Json): value is string {
  return typeof value === 'string' && /^[\w -]{4,128}$/.test(value);
}

export async function disableSecondFactor(
  client: RegistryClient,
  proofs: Proofs,
  password: Secret,
): Promise<void> {
  const attempt = `failed to turn off the second factor at ${client.displayUrl}`;
  const tfa = await post(client, { proofs, attempt, tfa: { password: password.expose(), mode: 'disable' } });
  if (tfa !== null && tfa !== false)
    throw unexpectedAnswer(attempt, 'it does not say that the factor is off');
}

interface Post {
  readonly proofs: Proofs;
  readonly attempt: string;
  readonly tfa: Json;
}

/** The `tfa` member of the answer. Registries may repeat the password in theirs: nothing else is looked at. */
async function post(client: RegistryClient, { proofs, attempt, tfa }: Post): Promise<Json | undefined> {
  const { token, oneTimePassword } = proofs;
  const request = { method: 'POST', ...profile, attempt, token, oneTimePassword } as const;
  const answer = await client.read({ ...request, secretJson: { tfa } });
  return answer['tfa'];
}

/** npm's `access set mfa=publish` and `mfa=none`. No automation token may go round it. */
export async function setRequireSecondFactor(
  client: RegistryClient,
  proofs: Proofs,
  packageName: string,
  required: boolean,
): Promise<void> {
  const path = `-/package/${packagePath(packageName)}/access`;
  await requireAt(client, proofs, { path, packageName, required });
}

/** The same at `pub-registry`, for a package of another ecosystem: docs/protocol.md, "Owners". */
export async function setRequirementOf(
  client: RegistryClient,
  proofs: Proofs,
  { ecosystem, name }: PackageOf,
  required: boolean,
): Promise<void> {
  const path = `-/pub/v1/packages/${ecosystem}/${packagePath(name)}/access`;
  await requireAt(client, proofs, { path, packageName: name, required });
}

async function requireAt(
  client: RegistryClient,
  { token, oneTimePassword }: Proofs,
  { path, packageName, required }: { path: string; packageName: string; required: boolean },
): Promise<void> {
  const change = required ? 'require a second factor for' : 'no longer require a second factor for';
  await client.send({
    method: 'POST',
    path,
    command: 'access',
    attempt: `failed to ${change} \`${packageName}\` at ${client.displayUrl}`,
    token,
    oneTimePassword,
    json: required
      ? { publish_requires_tfa: true, automation_token_overrides_tfa: false }
      : { publish_requires_tfa: false },
  });
}

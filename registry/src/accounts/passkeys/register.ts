import type {
  PublicKeyCredentialCreationOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { recordEvent } from '../../audit/log.ts';
import { Refusal } from '../../errors.ts';
import { fromProgram, mailAccount } from '../../mail/outbox.ts';
import type { Services } from '../../services.ts';
import type { Write } from '../../store/database.ts';
import type { PasskeyRow } from '../../store/schema-people.ts';
import { getAccount } from '../accounts.ts';
import type { Actor, Requester } from '../actor.ts';
import { changeAccount } from '../change-account.ts';
import { type Demand, demandProof, settleProof } from '../second-factor/demand.ts';
import { dropPending, hasSecondFactor } from '../second-factor/factors.ts';
import { generateRecoveryCodes, replaceRecoveryCodes } from '../second-factor/recovery-codes.ts';
import { type ChallengeBinding, challengeLifetime, consumeChallenge, issueChallenge } from './challenges.ts';
import { loadWebauthn } from './library.ts';
import { describePasskeys, parsePasskeyName, userHandle } from './passkeys.ts';
import { getRelyingParty } from './relying-party.ts';
import { parseRegistration } from './responses.ts';

/**
 * Adding a passkey, in the session of a person who proved a moment ago who they are. Attestation is not asked
 * for: which make of authenticator somebody uses is their own business.
 */

/**
 * COSE algorithms, the first one preferred: ES256, whose assertions `ssh-keygen` can verify, EdDSA, RS256
 * (RFC 9053 §2.1 and §2.2, RFC 8812 §2).
 */
const algorithms = [-7, -8, -257];

/** More than anybody carries, and few enough to name in one request. */
const mostPasskeys = 20;

/** What a page hands to the browser. Throws `proof_required` without a fresh proof. */
export async function beginRegistration(
  services: Services,
  requester: Requester,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { actor } = requester;
  const { id: rpID } = getRelyingParty(services.settings);
  await demandProof(services, requester, demandFor(actor));
  const account = await getAccount(services.database.read, actor.accountId);
  const excludeCredentials = await describePasskeys(services.database.read, actor.accountId);
  const challenge = await services.database.write((transaction) =>
    issueChallenge(transaction, bindingOf(actor), services.clock()),
  );
  const { generateRegistrationOptions } = await loadWebauthn();
  return await generateRegistrationOptions({
    rpName: services.settings.issuer,
    rpID,
    userName: account.name,
    userDisplayName: account.name,
    userID: Buffer.from(userHandle(account), 'base64url'),
    challenge: Buffer.from(challenge, 'base64url'),
    timeout: challengeLifetime,
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    excludeCredentials,
    supportedAlgorithmIDs: algorithms,
  });
}

export interface Registered {
  readonly passkeyId: string;
  /** For the first factor of an account; nobody can see them again. */
  readonly recoveryCodes: readonly string[] | undefined;
}

/**
 * Checks the answer and keeps the passkey. Throws `bad_request` for an answer or a name that is malformed,
 * `passkey_refused` for one that does not count, `conflict` for a passkey that is known already.
 */
export async function finishRegistration(
  services: Services,
  requester: Requester,
  finish: { readonly name: string; readonly response: unknown },
): Promise<Registered> {
  const { actor } = requester;
  const name = parsePasskeyName(finish.name);
  const { response, challenge } = parseRegistration(finish.response);
  const demand = demandFor(actor);
  return await changeAccount(services, actor, async () => {
    const proof = await demandProof(services, requester, demand);
    await claimChallenge(services, actor, challenge);
    const credential = await verify(services, response, challenge);
    const codes = generateRecoveryCodes();
    const hashes = await Promise.all(codes.map((code) => services.passwords.hash(code)));
    return await services.database.write(async (transaction) => {
      const now = services.clock();
      await settleProof(transaction, { actor, demand, proof, now });
      const first = !(await hasSecondFactor(transaction, actor.accountId));
      await insert(transaction, { ...credential, account_id: actor.accountId, name, created_at: now });
      // Begun perhaps by somebody else, before there was a factor to ask them for.
      await dropPending(transaction, actor.accountId);
      if (first) await replaceRecoveryCodes(transaction, actor.accountId, hashes, now);
      const event = { actor: actor.name, subject: actor.name, details: { name } };
      await recordEvent(transaction, now, { tag: 'factor:passkey-added', ...event });
      const values = { factor: `passkey "${name}"`, ...fromProgram(requester.program) };
      await mailAccount(transaction, now, actor.accountId, { template: 'factor-added', values });
      return { passkeyId: credential.id, recoveryCodes: first ? codes : undefined };
    });
  });
}

function bindingOf({ accountId, credential }: Actor): ChallengeBinding {
  return { purpose: 'register', accountId, context: `${credential.kind}:${credential.id}` };
}

function demandFor(actor: Actor): Demand {
  // A program cannot show what is registered, and a code it was given must not add a factor.
  if (actor.credential.kind !== 'session') {
    throw new Refusal('unsupported', 'passkeys are added in a browser');
  }
  const act = { action: 'factor:add-passkey', subject: actor.name, details: {} };
  return { kind: 'governance', why: 'adding a passkey needs it', act };
}

async function claimChallenge(services: Services, actor: Actor, challenge: string): Promise<void> {
  const claimed = await services.database.write((transaction) =>
    consumeChallenge(transaction, challenge, bindingOf(actor), services.clock()),
  );
  if (!claimed) throw passkeyNotTaken();
}

async function verify(services: Services, response: RegistrationResponseJSON, challenge: string) {
  const { id: expectedRPID, origin: expectedOrigin } = getRelyingParty(services.settings);
  try {
    await refuseAttestation(response);
    const { verifyRegistrationResponse } = await loadWebauthn();
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin,
      expectedRPID,
      requireUserVerification: false,
      supportedAlgorithmIDs: algorithms,
    });
    if (!verified || registrationInfo.credential.id !== response.id) throw new Error('not verified');
    const { credential, aaguid, credentialDeviceType, credentialBackedUp } = registrationInfo;
    return {
      id: credential.id,
      public_key: Buffer.from(credential.publicKey).toString('base64url'),
      counter: credential.counter,
      transports: JSON.stringify(response.response.transports ?? []),
      aaguid,
      device_type: credentialDeviceType,
      backed_up: credentialBackedUp ? 1 : 0,
      last_used_at: null,
    } as const;
  } catch (error) {
    throw passkeyNotTaken(error);
  }
}

/**
 * None was asked for, so a browser sends none, or one the key made of itself (WebAuthn Level 3 §5.1.3). A
 * certificate is not looked at: the library would fetch revocation lists from wherever it says.
 */
async function refuseAttestation({ response }: RegistrationResponseJSON): Promise<void> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers');
  const attestation = decodeAttestationObject(Buffer.from(response.attestationObject, 'base64url'));
  const format = attestation.get('fmt');
  const bySelf = format === 'packed' && attestation.get('attStmt').get('x5c') === undefined;
  if (format !== 'none' && !bySelf) throw new Error('an attestation that nobody asked for');
}

/** The id is an authenticator's own choice, so it is one account's, whoever else claims it. */
async function insert(transaction: Write, row: PasskeyRow): Promise<void> {
  const { count, taken } = await transaction
    .selectFrom('passkeys')
    .select((eb) => [
      eb.fn.countAll<number>().filterWhere('account_id', '=', row.account_id).as('count'),
      eb.fn.countAll<number>().filterWhere('id', '=', row.id).as('taken'),
    ])
    .executeTakeFirstOrThrow();
  if (Number(taken) > 0) throw new Refusal('conflict', 'this passkey is registered already');
  if (Number(count) >= mostPasskeys) {
    throw new Refusal('conflict', `an account has at most ${mostPasskeys} passkeys: remove one first`);
  }
  await transaction.insertInto('passkeys').values(row).execute();
}

function passkeyNotTaken(cause?: unknown): Refusal {
  return new Refusal('passkey_refused', 'the passkey was not added: try again', { cause });
}

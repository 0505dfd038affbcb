import type { FastifyReply, FastifyRequest } from 'fastify';
import { getAccount } from '../../accounts/accounts.ts';
import type { Requester } from '../../accounts/actor.ts';
import { checkPassword } from '../../accounts/check-password.ts';
import {
  changeProfile,
  type ProfileField,
  type ProfileOutcome,
  profileFields,
} from '../../accounts/profile.ts';
import { beginEnrolment, confirmEnrolment } from '../../accounts/second-factor/enrolment.ts';
import { type FactorMode, findFactor, findFactors } from '../../accounts/second-factor/factors.ts';
import { disableFactor } from '../../accounts/second-factor/removal.ts';
import { Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import type { Read } from '../../store/database.ts';
import { isJsonObject, type Json, type JsonObject } from '../../strict-json.ts';
import { sendNotice } from '../npm-notice.ts';
import { requireActor, requireRequester } from '../request.ts';
import { bodyObject, optionalString, requiredString } from '../request-body.ts';

/** `GET /-/npm/v1/user` */
export async function getProfile(services: Services, request: FastifyRequest) {
  const { accountId } = await requireActor(services, request);
  return await describeProfile(services, accountId);
}

async function describeProfile(services: Services, accountId: number) {
  const db = services.database.read;
  const account = await getAccount(db, accountId);
  return {
    ...(JSON.parse(account.profile) as Record<string, string | null>),
    name: account.name,
    email: account.email ?? '',
    email_verified: account.email_verified_at !== null,
    tfa: await describeFactor(db, accountId),
    created: new Date(account.created_at).toISOString(),
    updated: new Date(account.updated_at).toISOString(),
    cidr_whitelist: null,
  };
}

/** npm knows one factor, whatever it is. */
async function describeFactor(db: Read, accountId: number) {
  const { mode } = await findFactors(db, accountId);
  if (mode !== undefined) return { mode, pending: false };
  const pending = await findFactor(db, accountId, 'pending');
  return pending ? { mode: pending.mode, pending: true } : false;
}

/** `POST /-/npm/v1/user`: npm sends one change at a time, each in its own shape under `tfa`, or fields to set. */
export async function postProfile(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const requester = await requireRequester(services, request);
  const body = bodyObject(request);
  const tfa = body['tfa'];
  if (Array.isArray(tfa)) return { tfa: await confirm(services, requester, tfa) };
  if (isJsonObject(tfa)) return await changeFactor(services, request, requester, tfa);
  if (tfa !== undefined && tfa !== null)
    throw new Refusal('bad_request', '"tfa" is neither a change nor a code');
  const { confirmationSentTo: email } = await setFields(services, request, requester, body);
  // npm prints the address that is still the account's, as if it were the new one.
  if (email !== undefined)
    sendNotice(reply, `a mail went to ${email}: the address changes when it is confirmed there`);
  return await describeProfile(services, requester.actor.accountId);
}

async function confirm(services: Services, requester: Requester, codes: readonly Json[]): Promise<string[]> {
  const [code] = codes;
  if (codes.length !== 1 || typeof code !== 'string')
    throw new Refusal('bad_request', '"tfa" holds exactly one code');
  return await confirmEnrolment(services, requester, code);
}

async function changeFactor(
  services: Services,
  request: FastifyRequest,
  requester: Requester,
  tfa: JsonObject,
) {
  const password = requiredString(tfa, 'password');
  const mode = requiredString(tfa, 'mode');
  await checkPassword(services, { name: requester.actor.name, password, address: request.ip });
  if (mode === 'disable') {
    await disableFactor(services, requester, password);
    return { tfa: null };
  }
  const begun = await beginEnrolment(services, requester, parseMode(mode));
  return { tfa: 'uri' in begun ? begun.uri : begun };
}

function parseMode(mode: string): FactorMode {
  if (mode === 'auth-only' || mode === 'auth-and-writes') return mode;
  throw new Refusal('bad_request', 'the mode is auth-only, auth-and-writes or disable');
}

/** npm sends every field it knows, changed or not. The password comes back in no answer. */
async function setFields(
  services: Services,
  request: FastifyRequest,
  requester: Requester,
  body: JsonObject,
): Promise<ProfileOutcome> {
  const fields = Object.fromEntries(
    profileFields.flatMap((field) => (field in body ? [[field, fieldValue(body, field)]] : [])),
  );
  const password = body['password'];
  let newPassword: string | undefined;
  if (isJsonObject(password)) {
    newPassword = requiredString(password, 'new');
    const old = requiredString(password, 'old');
    await checkPassword(services, { name: requester.actor.name, password: old, address: request.ip });
  }
  const email = optionalString(body, 'email') || undefined;
  return await changeProfile(services, requester, { fields, email, newPassword });
}

function fieldValue(body: JsonObject, field: ProfileField): string | null {
  const value = optionalString(body, field) ?? null;
  if (value !== null && value.length > 200)
    throw new Refusal('bad_request', `"${field}" has at most 200 characters`);
  return value;
}

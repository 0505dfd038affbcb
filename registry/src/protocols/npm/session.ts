import type { FastifyReply, FastifyRequest } from 'fastify';
import { createAccount, findAccount } from '../../accounts/accounts.ts';
import { holdNotice } from '../../accounts/hold.ts';
import { type LoginRequest, logIn } from '../../accounts/log-in.ts';
import { logOut } from '../../accounts/log-out.ts';
import { refuseBeyondLimits } from '../../accounts/tokens/limits.ts';
import { findActor } from '../../accounts/tokens.ts';
import { atOnce } from '../../at-once.ts';
import { Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import { sendNotice } from '../npm-notice.ts';
import { parameter, presentedCode, programOf, requireActor } from '../request.ts';
import { bodyObject, optionalString, requiredString } from '../request-body.ts';
import { openInvitationsNotice } from './invitation-notice.ts';

/** Logging in and out as npm does since couch: the user is a document, and putting it gives a token. */

const couchPrefix = 'org.couchdb.user:';

/** `PUT /-/user/org.couchdb.user:<name>`: logs in, or creates the account when there is none and an e-mail came along. */
export async function putUser(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const name = couchUser(request);
  const body = bodyObject(request);
  if (requiredString(body, 'name') !== name)
    throw new Refusal('bad_request', 'the name in the body is not the one in the URL');
  const password = requiredString(body, 'password');
  const email = optionalString(body, 'email');
  const address = request.ip;
  const code = presentedCode(request);
  const login = {
    name,
    password,
    code,
    receivedAt: request.receivedAt,
    address,
    label: programOf(request).agent,
  };
  const token =
    email === undefined ? await logIn(services, login) : await logInOrSignUp(services, login, email);
  const account = await findAccount(services.database.read, name);
  if (account) sendNotice(reply, await holdNotice(services.database.read, account.id, services.clock()));
  reply.code(201);
  return { ok: true, id: `${couchPrefix}${name}`, rev: '1-pub', token };
}

/**
 * Some clients send an e-mail address with every login. On a registry that creates no accounts a name that
 * nobody has and a wrong password are refused alike: the answer tells nobody which names exist.
 */
async function logInOrSignUp(services: Services, login: LoginRequest, email: string): Promise<string> {
  const closed = services.settings.registration === 'closed';
  const { name, password, address, label } = login;
  const exists = (await findAccount(services.database.read, name)) !== undefined;
  if (!exists && !closed) {
    await createAccount(services, {
      name,
      password,
      email,
      by: { kind: 'registration', address, agent: label },
    });
  }
  try {
    return await logIn(services, login);
  } catch (error) {
    if (!closed || !(error instanceof Refusal) || error.code !== 'login_refused') throw error;
    throw registrationClosed(error);
  }
}

function registrationClosed(cause: Refusal): Refusal {
  const text = 'incorrect user name or password, and this registry creates accounts by its operator only';
  return new Refusal('registration_closed', text, { cause });
}

/** `GET /-/user/org.couchdb.user:<name>`: how `npm owner add` finds out whether there is such a user. */
export async function getUser(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const actor = await requireActor(services, request);
  const account = await findAccount(services.database.read, couchUser(request));
  if (account === undefined) throw new Refusal('not_found', 'there is no user of that name here');
  sendNotice(reply, await openInvitationsNotice(services, request, actor, account));
  return { _id: `${couchPrefix}${account.name}`, name: account.name, email: account.email ?? '' };
}

function couchUser(request: FastifyRequest): string {
  const id = parameter(request, 'id');
  if (!id.startsWith(couchPrefix)) throw new Refusal('not_found', 'there is nothing here');
  return id.slice(couchPrefix.length);
}

/** `GET /-/whoami` */
export function whoAmI(services: Services, request: FastifyRequest) {
  return atOnce(requireActor(services, request), ({ name }) => ({ username: name }));
}

/**
 * `DELETE /-/user/token/<token>`: npm's logout. It puts the token into the URL, so nothing here may ever log
 * that URL; `pub` uses `POST /-/pub/v1/logout` instead.
 */
export async function deleteToken(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const actor = await requireActor(services, request);
  const { database, clock } = services;
  const named = await findActor(database, database.look(), parameter(request, 'token'), clock());
  if (named?.accountId !== actor.accountId) throw new Refusal('not_found', 'there is no such token');
  // Whoever holds a token may give it up; ending another one is for the account.
  if (named.credential.id !== actor.credential.id) refuseBeyondLimits(actor, [], undefined);
  await logOut(services, named);
  reply.code(204);
}

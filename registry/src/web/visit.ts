import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor, Requester } from '../accounts/actor.ts';
import { createSecret, findSession, type Session, touchSession } from '../accounts/sessions.ts';
import { Refusal } from '../errors.ts';
import { programOf } from '../protocols/request.ts';
import type { Services } from '../services.ts';
import { clearCookie, readCookie, setCookie } from './cookies.ts';
import { formToken } from './csrf.ts';
import { type Html, html } from './html.ts';

/** One request to a page, and who it is from. */
export interface Visit {
  readonly services: Services;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Whatever session the cookie belongs to, one that waits for its second factor too. */
  readonly session: Session | undefined;
  /** The value of the cookie that forms are bound to, as it came with the request. */
  readonly cookie: string | undefined;
  /** The hidden field without which a form is refused: `<form method="post">${visit.csrf()}`. */
  readonly csrf: () => Html;
  /** The value of the cookie that forms of this answer are bound to; made where there was none. */
  readonly formSecret: () => string;
}

export async function openVisit(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Visit> {
  const publicUrl = services.settings.publicUrl();
  const secret = readCookie(request, 'session', publicUrl);
  const session = secret && (await findSession(services.database.read, secret, services.clock()));
  if (session) await touchSession(services, session);
  else if (secret !== undefined) clearCookie(reply, 'session', publicUrl);
  const cookie = session ? secret : readCookie(request, 'form', publicUrl);
  let formCookie = cookie;
  const formSecret = () => {
    if (formCookie === undefined) {
      formCookie = createSecret();
      setCookie(reply, 'form', { value: formCookie, publicUrl });
    }
    return formCookie;
  };
  const csrf = () => html`<input type="hidden" name="csrf" value="${formToken(formSecret())}">`;
  return { services, request, reply, session: session || undefined, cookie, csrf, formSecret };
}

/** Somebody who is logged in, second factor and all. */
export interface LoggedIn {
  readonly actor: Actor;
  readonly session: Session;
  /** For `demandProof` and everything that calls it. */
  readonly requester: Requester;
}

/** `undefined` for whoever is not logged in, or not yet with the second factor. */
export function findLoggedIn({ session, request }: Visit): LoggedIn | undefined {
  if (session?.state !== 'full') return undefined;
  const { accountId, accountName: name, id } = session;
  const actor = { accountId, name, credential: { kind: 'session', id } } as const;
  const { receivedAt } = request;
  const requester = { actor, code: undefined, receivedAt, program: programOf(request), browser: undefined };
  return { actor, session, requester };
}

/** Throws `unauthenticated`, which sends the visitor to log in and back again. */
export function requireLogin(visit: Visit): LoggedIn {
  const loggedIn = findLoggedIn(visit);
  if (loggedIn === undefined) throw new Refusal('unauthenticated', 'log in first');
  return loggedIn;
}

/** Gives the browser the cookie of a session that began or was proved anew. */
export function keepSession({ services, reply }: Visit, secret: string): void {
  const publicUrl = services.settings.publicUrl();
  setCookie(reply, 'session', { value: secret, publicUrl });
  clearCookie(reply, 'form', publicUrl);
}

export function forgetSession({ services, reply }: Visit): void {
  clearCookie(reply, 'session', services.settings.publicUrl());
}

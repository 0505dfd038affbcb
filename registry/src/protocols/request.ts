import type { FastifyRequest } from 'fastify';
import type { Actor, Program, Requester } from '../accounts/actor.ts';
import {
  refuseBeyondLimits,
  refuseForOneAct,
  refuseOtherNetwork,
  TokenLimited,
} from '../accounts/tokens/limits.ts';
import type { TokenScope } from '../accounts/tokens/scopes.ts';
import { noteBeyondLimits, noteDeadToken, noteUse } from '../accounts/tokens/usage.ts';
import { findActor } from '../accounts/tokens.ts';
import { atOnce, type Soon } from '../at-once.ts';
import { noteDeadBytes } from '../dead-bytes.ts';
import { Refusal } from '../errors.ts';
import { type PackageId, packageLabel, recallPackage, requireReadable } from '../packages/packages.ts';
import { getEcosystem } from '../releases/ecosystem.ts';
import type { Services } from '../services.ts';
import type { Look } from '../store/recall.ts';
import type { PackageRecord } from '../store/schema.ts';

/** Reading a request: who it is from, and what it names. Every value is checked before it is used. */

declare module 'fastify' {
  interface FastifyRequest {
    /** When the headers arrived, by the services' clock, in milliseconds. */
    receivedAt: number;
  }
  interface FastifyContextConfig {
    /**
     * The scopes of which a limited token needs one to be heard here, or `any`. A route that says nothing
     * hears no limited token.
     */
    tokens?: readonly TokenScope[] | 'any';
    /** Whether a token that was made for one act is heard. Whether it was made for this one, the act itself asks. */
    oneAct?: boolean;
    /** Of the package that is the parameter `name`, where it is not npm's and no parameter says so. */
    ecosystem?: string;
  }
}

/**
 * The actor behind the bearer token, `undefined` without a token. Refused: a token that is no good, and one
 * whose limits do not name what this route does.
 */
export async function findRequestActor(
  services: Services,
  request: FastifyRequest,
  look: Look = services.database.look(),
): Promise<Actor | undefined> {
  return await requestActor(services, request, look);
}

function requestActor(services: Services, request: FastifyRequest, look: Look): Soon<Actor | undefined> {
  const header = request.headers.authorization;
  if (header === undefined) return undefined;
  const token = /^bearer +(\S+) *$/i.exec(header)?.[1] ?? '';
  return atOnce(findActor(services.database, look, token, services.clock()), (actor) => {
    if (actor === undefined) {
      noteDeadToken(services, token);
      throw new Refusal('unauthenticated', 'the token is unknown, expired or revoked: log in again');
    }
    const program = programOf(request);
    refuseOutside(request, actor, program.address);
    noteUse(services, actor, program);
    return actor;
  });
}

function refuseOutside(request: FastifyRequest, actor: Actor, address: string): void {
  const { limits, once } = actor.credential;
  if (limits === undefined && once === undefined) return;
  const { config } = request.routeOptions;
  const { tokens = [], oneAct = false } = config;
  const { ecosystem = config.ecosystem ?? 'npm', name } = request.params as Partial<PackageId>;
  refuseOtherNetwork(actor, address);
  if (!oneAct) refuseForOneAct(actor);
  if (tokens !== 'any') refuseBeyondLimits(actor, tokens, name && packageLabel({ ecosystem, name }));
}

function noteRefusal(services: Services, request: FastifyRequest, error: unknown): void {
  const route = `${request.method} ${request.routeOptions.url ?? ''}`;
  if (error instanceof TokenLimited) noteBeyondLimits(services, error, route);
}

/**
 * The package a reader asks for. A token that is no good reads what everybody may read, as if it were not
 * there: an installation must not fail because a login ran out. What it cannot read, it is told why.
 */
export async function readablePackage(
  services: Services,
  request: FastifyRequest,
  look: Look = services.database.look(),
): Promise<PackageRecord> {
  const id = packageParameter(services, request);
  const { database } = services;
  // Where cargo reads nothing without a token, no other route tells it either.
  if (id.ecosystem === 'cargo' && services.settings.cargoAuthRequired)
    await requireActor(services, request, look);
  let actor: Actor | undefined;
  try {
    actor = await requestActor(services, request, look);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const seen = await recallPackage(database, look, id);
    if (seen?.open) return seen.record;
    noteRefusal(services, request, error);
    throw error;
  }
  const seen = await recallPackage(database, look, id);
  return seen?.open ? seen.record : await requireReadable(database.read, id, seen?.record, actor);
}

export function requireActor(
  services: Services,
  request: FastifyRequest,
  look: Look = services.database.look(),
): Soon<Actor> {
  const refused = (error: unknown): never => {
    noteRefusal(services, request, error);
    throw error;
  };
  try {
    const actor = requestActor(services, request, look);
    return actor instanceof Promise ? actor.then(notNobody).catch(refused) : notNobody(actor);
  } catch (error) {
    return refused(error);
  }
}

function notNobody(actor: Actor | undefined): Actor {
  if (actor === undefined) throw new Refusal('unauthenticated', 'you are not logged in to this registry');
  return actor;
}

export async function requireRequester(services: Services, request: FastifyRequest): Promise<Requester> {
  const actor = await requireActor(services, request);
  const { receivedAt } = request;
  return {
    actor,
    code: presentedCode(request),
    receivedAt,
    program: programOf(request),
    browser: browserProgram(request),
  };
}

/**
 * The program, where it says that it can send its user to a browser: npm and pnpm with `npm-auth-type: web`
 * (and npm's registry also wants `npm-command`), yarn never.
 */
export function browserProgram(request: FastifyRequest): Program | undefined {
  return request.headers['npm-auth-type'] === 'web' ? programOf(request) : undefined;
}

/** In its own words, so bounded and plain. */
export function programOf(request: FastifyRequest): Program {
  const agent = String(request.headers['user-agent'] ?? 'unknown program');
  return { agent: agent.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100), address: request.ip };
}

/** Longer than any code a person types: a six-digit one, or a recovery code with spaces. */
const longestCode = 64;

/** What came as `npm-otp`. Not yet looked at: the second factor's own rules decide what it is. */
export function presentedCode(request: FastifyRequest): string | undefined {
  const header = request.headers['npm-otp'];
  if (typeof header !== 'string' || header.trim() === '') return undefined;
  if (header.length > longestCode)
    throw new Refusal('bad_request', 'the one-time password is too long to be one');
  return header;
}

/** The package a route is about: npm's, unless the route names another ecosystem. */
export function packageParameter(services: Services, request: FastifyRequest): PackageId {
  const { ecosystem = 'npm' } = request.params as { readonly ecosystem?: string };
  const { parseName } = getEcosystem(services.ecosystems, ecosystem);
  return { ecosystem, name: parseName(parameter(request, 'name')) };
}

/** A path parameter, decoded. */
export function parameter(request: FastifyRequest, name: string): string {
  const value = (request.params as Record<string, string | undefined>)[name];
  if (value === undefined) throw new Error(`the route has no parameter ${name}`);
  return value;
}

export function queryParameter(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Record<string, unknown>)[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string')
    throw new Refusal('bad_request', `the query parameter ${name} is given twice`);
  return value;
}

/** A count in the query, `otherwise` without one. */
export function countParameter(request: FastifyRequest, name: string, otherwise: number): number {
  const text = queryParameter(request, name);
  if (text === undefined) return otherwise;
  if (!/^\d{1,6}$/.test(text))
    throw new Refusal('bad_request', `the query parameter ${name} is not a number`);
  return Number(text);
}

/** The body of a route that reads it as it arrives. */
export function bodyStream(request: FastifyRequest): AsyncIterable<Uint8Array> {
  if (request.body === undefined || request.body === null)
    throw new Refusal('bad_request', 'there is no body');
  return noteDead(request.body as AsyncIterable<Uint8Array>);
}

/** A piece is of no use to anybody once the next is asked for, or soon after. Leaving early leaves `source` open. */
function noteDead(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const pieces = source[Symbol.asyncIterator]();
  const next = async () => {
    const piece = await pieces.next();
    if (!piece.done) noteDeadBytes(piece.value.byteLength);
    return piece;
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

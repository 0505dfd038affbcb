import type { FastifyReply, FastifyRequest } from 'fastify';
import { checkPassword } from '../accounts/check-password.ts';
import { createLimitedToken } from '../accounts/tokens/create-token.ts';
import type { TokenSummary } from '../accounts/tokens/own-tokens.ts';
import { type AskedSettings, parseTokenSettings } from '../accounts/tokens/settings.ts';
import type { Services } from '../services.ts';
import type { JsonObject } from '../strict-json.ts';
import { programOf, requireRequester } from './request.ts';
import { bodyObject, requiredString } from './request-body.ts';

/** Making a token, whichever protocol asks for it in its own words. */

/** The password is checked with the limits on guessing, whether or not a second factor is asked for then. */
export async function createToken(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  read: (body: JsonObject) => AskedSettings,
) {
  const requester = await requireRequester(services, request);
  const body = bodyObject(request);
  const settings = parseTokenSettings(read(body));
  const password = requiredString(body, 'password');
  await checkPassword(services, { name: requester.actor.name, password, address: request.ip });
  const { token, summary } = await createLimitedToken(services, requester, settings, programOf(request));
  reply.code(201);
  return { ...describeToken(summary), token };
}

/** npm takes a text that begins with `token` for a token of this list. */
export function describeToken(token: TokenSummary) {
  const { limits } = token;
  const created = new Date(token.createdAt).toISOString();
  const expires = new Date(token.expiresAt).toISOString();
  return {
    key: token.key,
    token: token.hint || 'pub_',
    name: token.name,
    ...(token.description !== undefined && { description: token.description }),
    readonly: limits?.scopes.every((scope) => scope === 'read') ?? false,
    cidr_whitelist: limits?.networks ?? null,
    created,
    updated: created,
    expires,
    expiry: expires,
    last_used: token.lastUsedAt === undefined ? null : new Date(token.lastUsedAt).toISOString(),
    last_used_address: token.lastUsedAddress ?? null,
    // Null for the token of a login: all that its account may do, to all its packages.
    permissions: limits?.scopes ?? null,
    packages: limits?.packages ?? null,
  };
}

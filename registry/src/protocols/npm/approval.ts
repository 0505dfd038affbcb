import type { FastifyReply, FastifyRequest } from 'fastify';
import { createLoginApproval } from '../../accounts/approvals.ts';
import { collect, isRefusedLogin } from '../../accounts/collect-approval.ts';
import { Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import { approvalUrls } from '../approval-urls.ts';
import { programOf, queryParameter } from '../request.ts';

/** npm's way of sending a person to a browser, and of waiting for them. */

/** Seconds between two polls. npm polls without a pause where it is told none (measured). */
const pause = 2;

const over = 'this request was denied, has expired, or was answered before';

/**
 * `GET /-/v1/done?authId=…`: 202 until the person has decided, then the proof or the token, once. npm asks with
 * GET and has no other way; the URL is a capability of one use, and the answer is kept nowhere.
 */
export async function getDone(services: Services, request: FastifyRequest, reply: FastifyReply) {
  const done = queryParameter(request, 'authId') ?? '';
  const collected = await collect(services, done);
  if (collected.state === 'granted') return { token: collected.secret };
  if (collected.state === 'gone') {
    // Told so with a 4xx, npm takes it that there are no logins in a browser here, and asks for a password
    // (measured with 11 and 12). An answer without a token ends it.
    if (await isRefusedLogin(services.database.read, done)) return { code: 'not_found', error: over };
    throw new Refusal('not_found', over);
  }
  reply.code(202).header('retry-after', String(pause));
  return {};
}

/** `POST /-/v1/login`: begins a login in a browser. */
export async function postLogin(services: Services, request: FastifyRequest) {
  const capabilities = await createLoginApproval(services, programOf(request));
  const { authUrl, doneUrl } = approvalUrls(capabilities, services.settings.publicUrl());
  return { loginUrl: authUrl, doneUrl };
}

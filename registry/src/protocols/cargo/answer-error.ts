import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Refusal } from '../../errors.ts';
import { refusalOf } from '../../framework-refusal.ts';
import type { Services } from '../../services.ts';
import { approvalUrls } from '../approval-urls.ts';
import { loginUrl } from './urls.ts';

/**
 * cargo's envelope: it prints every `detail`. `code` and what stands beside `errors` is for other programs. A success never has
 * `errors` on top: cargo would fail, even at an empty list (measured).
 */
export async function answerCargoError(
  services: Services,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  reply.removeHeader('etag').removeHeader('content-length').header('cache-control', 'no-store');
  const refusal = refusalOf(error);
  if (refusal === undefined) {
    services.log(
      `${request.method} ${request.routeOptions.url ?? 'unknown route'} failed: ${error.stack ?? error.message}`,
    );
    const detail = 'the registry failed to do this; it is safe to repeat the command';
    await reply.code(500).send({ errors: [{ detail, code: 'internal_error' }] });
    return;
  }
  const { publicUrl } = services.settings;
  const scheme = schemeFor(refusal, publicUrl());
  if (scheme !== undefined) reply.header('www-authenticate', scheme);
  if (refusal.retryAfter !== undefined) reply.header('retry-after', String(refusal.retryAfter));
  const urls = refusal.approval && approvalUrls(refusal.approval, publicUrl());
  const { message: detail, code } = refusal;
  await reply.code(refusal.status).send({ errors: [{ detail, code }], code, ...urls });
}

/** "Registry authentication" of the Cargo book; the one-time password in the form npm's clients know. */
function schemeFor({ code }: Refusal, publicUrl: string): string | undefined {
  if (code === 'unauthenticated') return `Cargo login_url="${loginUrl(publicUrl)}"`;
  return code === 'otp_required' || code === 'otp_refused' ? 'otp' : undefined;
}

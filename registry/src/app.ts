import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { Refusal, type RefusalCode } from './errors.ts';
import { refusalOf } from './framework-refusal.ts';
import { createHostCheck } from './own-host.ts';
import { approvalUrls } from './protocols/approval-urls.ts';
import { addRoutes } from './routes.ts';
import type { Services } from './services.ts';

/** Of a JSON body that is not a publish: profiles, owner lists, preflights. */
const longestBody = 1024 * 1024;

/** A percent-encoded name of 214 characters, with room. */
const longestParameter = 700;

/** Half an hour for a request to arrive in full: a large archive over a slow line. */
const requestTimeout = 30 * 60 * 1_000;

/** The HTTP application: everything but the port, so that tests can do without one. */
export function createApp(services: Services): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: longestBody,
    requestTimeout,
    routerOptions: { maxParamLength: longestParameter },
    rewriteUrl: (request) => joinScope(request.url ?? '/'),
    forceCloseConnections: 'idle',
    // The router's own refusals, of URLs it cannot read: in our words, and without repeating the URL.
    frameworkErrors: (error, request, reply) => void answerError(services, error, request, reply),
    // A proxy on this machine says who is asking; anybody else is who they are.
    trustProxy: 'loopback',
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  });
  app.decorateRequest('receivedAt', 0);
  const isOwnHost = createHostCheck(services.settings.publicUrl);
  app.addHook('onRequest', (request, reply, done) => {
    request.receivedAt = services.clock();
    // Replaced by the few handlers whose answers may be kept. RFC 9111 §5.2.2.5.
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    if (isOwnHost(request.headers.host ?? '')) done();
    else done(otherHost(services.settings.publicUrl()));
  });
  app.addContentTypeParser('application/json', { parseAs: 'string' }, parseJson);
  app.setNotFoundHandler((_request, reply) =>
    refuse(reply, new Refusal('not_found', 'there is nothing here')),
  );
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(services, error, request, reply));
  addRoutes(app, services);
  return app;
}

/** What a request holds is read by its handler. So the compilers of schemas need not be loaded. */
function noSchemas(): never {
  throw new Error('no route has a schema');
}

function otherHost(publicUrl: string): Refusal {
  return new Refusal('bad_request', `this registry is reached at ${publicUrl}`);
}

/** `/@acme/tool` is the same package as `/@acme%2ftool`, which is how npm writes it. */
function joinScope(url: string): string {
  if (!url.includes('@')) return url;
  return url.replace(/^(\/(?:-\/(?:package|npm\/v1\/attestations)\/)?@[^/?%]+)\//, '$1%2f');
}

function parseJson(
  _request: FastifyRequest,
  body: string | Buffer,
  done: (error: Error | null, value?: unknown) => void,
): void {
  try {
    done(null, body.length === 0 ? undefined : JSON.parse(body.toString(), refusePrototype));
  } catch (error) {
    done(new Refusal('bad_request', 'the body is not valid JSON', { cause: error }));
  }
}

function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('the key "__proto__" is not accepted');
  return value;
}

async function answerError(
  services: Services,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const known = refusalOf(error);
  if (known !== undefined) return refuse(reply, known, services.settings.publicUrl());
  // The route and not the URL: npm's logout has a token in its URL.
  services.log(
    `${request.method} ${request.routeOptions.url ?? 'unknown route'} failed: ${error.stack ?? error.message}`,
  );
  const text = 'the registry failed to do this; it is safe to repeat the request';
  await forgetCaching(reply).code(500).send({ error: text, message: text, code: 'internal_error' });
}

const authenticate: Partial<Record<RefusalCode, string>> = {
  // Lower-case: pnpm looks for exactly this (measured).
  otp_required: 'otp',
  otp_refused: 'otp',
  unauthenticated: 'Bearer',
};

async function refuse(reply: FastifyReply, refusal: Refusal, publicUrl = ''): Promise<void> {
  const scheme = authenticate[refusal.code];
  if (scheme !== undefined) reply.header('www-authenticate', scheme);
  if (refusal.retryAfter !== undefined) reply.header('retry-after', String(refusal.retryAfter));
  const urls = refusal.approval && approvalUrls(refusal.approval, publicUrl);
  const body = { error: refusal.message, message: refusal.message, code: refusal.code, ...urls };
  await forgetCaching(reply).code(refusal.status).send(body);
}

/** A handler that failed half way may have said already how long its answer is good for. */
function forgetCaching(reply: FastifyReply): FastifyReply {
  for (const name of ['etag', 'content-length', 'accept-ranges']) reply.removeHeader(name);
  return reply.header('cache-control', 'no-store');
}

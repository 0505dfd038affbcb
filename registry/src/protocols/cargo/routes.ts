import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TokenScope } from '../../accounts/tokens/scopes.ts';
import { Refusal } from '../../errors.ts';
import type { Services } from '../../services.ts';
import { answerCargoError } from './answer-error.ts';
import * as manage from './manage.ts';
import { putCrate } from './publish.ts';
import { getCrate, getIndexConfig, getIndexFile, getMe } from './read.ts';
import { searchCrates } from './search.ts';

type Handler = (
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<unknown> | undefined;

/** Everything below `/cargo`, where requests and refusals look as cargo has them. `:name` is the name of a crate. */
export function addCargoRoutes(app: FastifyInstance, services: Services): void {
  const on = (handler: Handler) => (request: FastifyRequest, reply: FastifyReply) =>
    handler(services, request, reply);
  /** Reading what everybody may read takes no more than a token. */
  const anyToken = { config: { tokens: 'any' } } as const;
  /** What a limited token needs to be heard; as is one that was made for this one act. */
  const act = (...scopes: readonly TokenScope[]) => ({
    config: { tokens: scopes, oneAct: true, ecosystem: 'cargo' },
  });

  app.register(
    (cargo, _options, done) => {
      cargo.addHook('onRequest', (request, _reply, done) => {
        nameScheme(request);
        done();
      });
      cargo.setErrorHandler((error: FastifyError, request, reply) =>
        answerCargoError(services, error, request, reply),
      );
      cargo.setNotFoundHandler(() => {
        throw new Refusal('not_found', 'there is nothing here');
      });

      // cargo 1.96 says that a body comes, and of what kind it does not, where there is none (measured).
      cargo.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null));

      cargo.get('/index/config.json', anyToken, on(getIndexConfig));
      cargo.get('/index/*', anyToken, on(getIndexFile));
      cargo.get('/api/v1/crates/:name/:version/download', anyToken, on(getCrate));
      cargo.get('/api/v1/crates', anyToken, on(searchCrates));
      cargo.get('/me', on(getMe));

      cargo.delete('/api/v1/crates/:name/:version/yank', act('yank'), on(manage.yank));
      cargo.put('/api/v1/crates/:name/:version/unyank', act('yank'), on(manage.unyank));
      cargo.get(
        '/api/v1/crates/:name/owners',
        { config: { ...anyToken.config, oneAct: true } },
        on(manage.getOwners),
      );
      cargo.put('/api/v1/crates/:name/owners', act('owners'), on(manage.putOwners));
      cargo.delete('/api/v1/crates/:name/owners', act('owners'), on(manage.deleteOwners));

      cargo.register((streamed, _options, done) => {
        streamed.removeAllContentTypeParsers();
        streamed.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
        streamed.put('/api/v1/crates/new', act('publish', 'stage'), on(putCrate));
        done();
      });
      done();
    },
    { prefix: '/cargo' },
  );
}

/** cargo sends its token as it is, without the name of a scheme. */
function nameScheme(request: FastifyRequest): void {
  const header = request.headers.authorization;
  if (header !== undefined && /^\S+$/.test(header)) request.headers.authorization = `Bearer ${header}`;
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pagesAreThere } from './protocols/approval-urls.ts';
import { getDone, postLogin } from './protocols/npm/approval.ts';
import * as manage from './protocols/npm/manage.ts';
import { getProfile, postProfile } from './protocols/npm/profile.ts';
import { putPackage } from './protocols/npm/publish.ts';
import { getArchive, getPackument } from './protocols/npm/read.ts';
import { deleteToken, getUser, putUser, whoAmI } from './protocols/npm/session.ts';
import { readSubmission } from './protocols/npm/submission.ts';
import { logOut } from './protocols/pub/log-out.ts';
import { preflight } from './protocols/pub/preflight.ts';
import { putRelease } from './protocols/pub/upload.ts';
import type { Services } from './services.ts';
import { addPages } from './web/routes.ts';

type Handler = (services: Services, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/**
 * Every route. `:name` is a package name with its scope as one segment: `/@acme/tool` arrives here as
 * `/@acme%2ftool` (see `app.ts`).
 */
export function addRoutes(app: FastifyInstance, services: Services): void {
  const on = (handler: Handler) => async (request: FastifyRequest, reply: FastifyReply) =>
    await handler(services, request, reply);

  // npm: who I am
  app.put('/-/user/:id', on(putUser));
  app.get('/-/user/:id', on(getUser));
  app.delete('/-/user/token/:token', on(deleteToken));
  app.get('/-/whoami', on(whoAmI));
  app.get('/-/ping', async () => ({}));
  if (pagesAreThere) app.post('/-/v1/login', on(postLogin));
  app.get('/-/v1/done', on(getDone));
  app.get('/-/npm/v1/user', on(getProfile));
  app.post('/-/npm/v1/user', on(postProfile));

  // npm: what others install
  app.get('/:name', on(getPackument));
  app.get('/:name/-/:file', on(getArchive));

  // npm: what owners change
  app.put('/:name/-rev/:revision', on(manage.putRevision));
  app.put('/-/package/:name/owners', on(manage.putOwner));
  app.delete('/-/package/:name/owners/:user', on(manage.deleteOwner));
  app.get('/-/package/:name/visibility', on(manage.getVisibility));
  app.get('/-/package/:name/collaborators', on(manage.getCollaborators));
  app.get('/-/package/:name/access', on(manage.getAccess));
  app.post('/-/package/:name/access', on(manage.postAccess));
  app.get('/-/package/:name/dist-tags', on(manage.getTags));
  app.put('/-/package/:name/dist-tags/:tag', on(manage.putTag));
  app.post('/-/package/:name/dist-tags/:tag', on(manage.putTag));
  app.delete('/-/package/:name/dist-tags/:tag', on(manage.deleteTag));

  // pub
  app.post('/-/pub/v1/preflight', on(preflight));
  app.post('/-/pub/v1/logout', on(logOut));

  // what people see in a browser
  addPages(app, services);

  // Bodies that are read as they arrive: whoever may not send one is refused before it is read.
  app.register((streamed, _options, done) => {
    streamed.removeAllContentTypeParsers();
    streamed.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    streamed.put('/:name', on(putPackage));
    streamed.put(
      '/-/pub/v1/releases/npm/:name/:version',
      async (request: FastifyRequest, reply: FastifyReply) =>
        putRelease(services, readSubmission, request, reply),
    );
    done();
  });
}

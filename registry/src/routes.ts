import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TokenScope } from './accounts/tokens/scopes.ts';
import { addCargoRoutes } from './protocols/cargo/routes.ts';
import { getDone, postLogin } from './protocols/npm/approval.ts';
import { getAttestations } from './protocols/npm/attestations.ts';
import { getKeys } from './protocols/npm/keys.ts';
import * as manage from './protocols/npm/manage.ts';
import * as organisations from './protocols/npm/organisations.ts';
import { getProfile, postProfile } from './protocols/npm/profile.ts';
import { putPackage } from './protocols/npm/publish.ts';
import { getArchive, getPackument } from './protocols/npm/read.ts';
import { putRevision } from './protocols/npm/revision.ts';
import { getSearch } from './protocols/npm/search.ts';
import { postAdvisories, postAudit } from './protocols/npm/security.ts';
import { deleteToken, getUser, putUser, whoAmI } from './protocols/npm/session.ts';
import * as stage from './protocols/npm/stage.ts';
import * as tokens from './protocols/npm/tokens.ts';
import { refuseExchange, refuseTrust } from './protocols/npm/trust.ts';
import { deleteArchive, deletePackage } from './protocols/npm/unpublish.ts';
import { getForeignArchive, getForeignPackument, orUpstream } from './protocols/npm/upstream/serve.ts';
import { getVersion, getVersionStatus } from './protocols/npm/version.ts';
import { postBatchProof } from './protocols/pub/batch-proofs.ts';
import { postToken } from './protocols/pub/create-token.ts';
import { postLeakedTokens } from './protocols/pub/leaked-tokens.ts';
import { logOut } from './protocols/pub/log-out.ts';
import { postOneShotToken } from './protocols/pub/one-shot-tokens.ts';
import * as pubOrganisations from './protocols/pub/organisations.ts';
import * as ownership from './protocols/pub/ownership.ts';
import { preflight } from './protocols/pub/preflight.ts';
import { putRelease } from './protocols/pub/upload.ts';
import type { Services } from './services.ts';
import { addPages } from './web/routes.ts';

/** What it answers, or will; nothing where the answer is sent already. */
type Handler = (services: Services, request: FastifyRequest, reply: FastifyReply) => unknown;

/**
 * Every route. `:name` is a package name with its scope as one segment: `/@acme/tool` arrives here as
 * `/@acme%2ftool` (see `app.ts`).
 */
export function addRoutes(app: FastifyInstance, services: Services): void {
  const on = (handler: Handler) => (request: FastifyRequest, reply: FastifyReply) =>
    handler(services, request, reply);
  /** What a limited token needs to be heard; a route that does not say hears none. */
  const limited = (...scopes: readonly TokenScope[]) => ({ config: { tokens: scopes } });
  const anyToken = { config: { tokens: 'any' } } as const;

  // npm: who I am
  app.put('/-/user/:id', on(putUser));
  app.get('/-/user/:id', limited('owners'), on(getUser));
  app.delete('/-/user/token/:token', anyToken, on(deleteToken));
  app.get('/-/whoami', anyToken, on(whoAmI));
  app.get('/-/ping', async () => ({}));
  app.post('/-/v1/login', on(postLogin));
  // HEAD would use the capability up, and throw away what it gives.
  app.get('/-/v1/done', { exposeHeadRoute: false }, on(getDone));
  // `npm dist-tag` polls with the method of what it waits for (npm 11 and 12, measured).
  app.put('/-/v1/done', on(getDone));
  app.delete('/-/v1/done', on(getDone));
  app.get('/-/npm/v1/user', on(getProfile));
  app.post('/-/npm/v1/user', on(postProfile));
  app.get('/-/npm/v1/tokens', on(tokens.getTokenList));
  app.post('/-/npm/v1/tokens', on(tokens.postToken));
  app.delete('/-/npm/v1/tokens/token/:key', on(tokens.deleteTokenByKey));

  // npm: what others install
  app.get('/:name', limited('read'), on(orUpstream(getPackument, getForeignPackument)));
  app.get('/:name/-/:file', limited('read'), on(orUpstream(getArchive, getForeignArchive)));
  app.get('/:name/:version', limited('read'), on(getVersion));
  app.get('/-/package/:name/version/:version/status', limited('read'), on(getVersionStatus));
  app.get('/-/v1/search', on(getSearch));
  app.get('/-/npm/v1/keys', on(getKeys));
  app.get('/-/npm/v1/attestations/:name(^@?[^@]+)@:version', limited('read'), on(getAttestations));

  // npm: what owners change
  app.delete('/:name/-rev/:revision', on(deletePackage));
  app.delete('/:name/-/:file/-rev/:revision', on(deleteArchive));
  app.put('/-/package/:name/owners', limited('owners'), on(manage.putOwner));
  app.delete('/-/package/:name/owners/:user', limited('owners'), on(manage.deleteOwner));
  app.get('/-/package/:name/visibility', limited('read'), on(manage.getVisibility));
  app.get('/-/package/:name/collaborators', limited('read'), on(manage.getCollaborators));
  app.get('/-/package/:name/access', limited('read'), on(manage.getAccess));
  app.post('/-/package/:name/access', limited('owners'), on(manage.postAccess));
  app.get('/-/package/:name/dist-tags', limited('read'), on(manage.getTags));
  app.put('/-/package/:name/dist-tags/:tag', limited('yank'), on(manage.putTag));
  app.post('/-/package/:name/dist-tags/:tag', limited('yank'), on(manage.putTag));
  app.delete('/-/package/:name/dist-tags/:tag', limited('yank'), on(manage.deleteTag));

  // npm: answered so that npm says why, or goes on without
  app.get('/-/package/:name/trust', on(refuseTrust));
  app.post('/-/package/:name/trust', on(refuseTrust));
  app.delete('/-/package/:name/trust/:id', on(refuseTrust));
  app.post('/-/npm/v1/oidc/token/exchange/package/:name', on(refuseExchange));
  // Else such a path would be a package and a version.
  app.get('/-/*', async (_request, reply) => reply.callNotFound());

  // npm: what waits for approval, of every ecosystem
  app.get('/-/stage', limited('publish'), on(stage.getStagedList));
  app.get('/-/stage/:id', limited('publish'), on(stage.getStagedItem));
  app.get('/-/stage/:id/tarball', limited('publish'), on(stage.getStagedArchive));
  app.post('/-/stage/:id/approve', limited('publish'), on(stage.postApproval));
  app.delete('/-/stage/:id', limited('publish'), on(stage.deleteStaged));

  // npm: organisations; teams are answered so that npm says why
  app.put('/-/org/:org/user', on(organisations.putMember));
  app.delete('/-/org/:org/user', on(organisations.deleteMember));
  app.get('/-/org/:org/user', on(organisations.getMembers));
  app.get('/-/org/:org/package', on(organisations.getOrganisationPackages));
  app.get('/-/user/:id/package', on(organisations.getUserPackages));
  app.all('/-/org/:org/team', on(organisations.refuseTeams));
  app.all('/-/team/*', on(organisations.refuseTeams));

  // pub: whose a package is
  app.get('/-/package/:name/owners', limited('read'), on(ownership.getOwners));
  app.post('/-/package/:name/transfer', on(ownership.postPackageTransfer));
  app.get('/-/pub/v1/packages/:ecosystem/:name/access', limited('read'), on(manage.getAccess));
  app.post('/-/pub/v1/packages/:ecosystem/:name/access', limited('owners'), on(manage.postAccess));
  app.put('/-/pub/v1/packages/:ecosystem/:name/owners', limited('owners'), on(manage.putOwner));
  app.get('/-/pub/v1/invitations', on(ownership.getInvitations));
  app.post('/-/pub/v1/invitations/:id', on(ownership.postInvitation));
  app.get('/-/pub/v1/transfers', on(ownership.getTransfers));
  app.post('/-/pub/v1/transfers/:id', on(ownership.postTransfer));
  app.get('/-/pub/v1/scopes/:scope', on(ownership.getScope));
  app.put('/-/pub/v1/scopes/:scope', on(ownership.putScope));
  app.post('/-/pub/v1/scopes/:scope/transfer', on(ownership.postScopeTransfer));
  app.post('/-/pub/v1/organisations', on(pubOrganisations.postOrganisation));
  app.get('/-/pub/v1/organisations', on(pubOrganisations.getOrganisations));
  app.get('/-/pub/v1/organisations/:org', on(pubOrganisations.getOrganisation));
  app.post('/-/pub/v1/organisations/:org', on(pubOrganisations.postOrganisationPolicy));

  // pub
  app.post('/-/pub/v1/preflight', limited('publish', 'stage'), on(preflight));
  app.post('/-/pub/v1/batch-proofs', limited('publish'), on(postBatchProof));
  app.post('/-/pub/v1/one-shot-tokens', limited('publish', 'yank', 'owners'), on(postOneShotToken));
  app.post('/-/pub/v1/tokens', on(postToken));
  app.post('/-/pub/v1/leaked-tokens', on(postLeakedTokens));
  app.post('/-/pub/v1/logout', anyToken, on(logOut));

  // cargo
  addCargoRoutes(app, services);

  // what people see in a browser
  addPages(app, services);

  // Bodies that are read as they arrive: whoever may not send one is refused before it is read.
  app.register((streamed, _options, done) => {
    streamed.removeAllContentTypeParsers();
    streamed.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    // Not read at all: npm sends these compressed.
    streamed.post('/-/npm/v1/security/advisories/bulk', on(postAdvisories));
    streamed.post('/-/npm/v1/security/audits', on(postAudit));
    streamed.post('/-/npm/v1/security/audits/quick', on(postAudit));
    streamed.put('/:name', limited('publish', 'yank'), on(putPackage));
    streamed.put('/:name/-rev/:revision', limited('owners'), on(putRevision));
    streamed.post('/-/stage/package/:name', limited('stage', 'publish'), on(stage.postStage));
    streamed.put(
      '/-/pub/v1/releases/:ecosystem/:name/:version',
      { config: { tokens: ['stage', 'publish'], oneAct: true } },
      on(putRelease),
    );
    done();
  });
}

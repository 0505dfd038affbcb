import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.ts';
import { showAccount } from './account.ts';
import { approve, approveByPasskey, denyRequest, showApproval } from './approve.ts';
import { confirm, confirmByPasskey, showConfirm } from './confirm.ts';
import { showCrate } from './crate-page.ts';
import { showFront } from './front.ts';
import { pageRoutes, showNothing } from './handle.ts';
import { answerInvitation, showInvitations } from './invitations.ts';
import {
  completeByCode,
  completeByPasskey,
  logIn,
  logInByPasskey,
  showLogIn,
  showLogInFactor,
} from './log-in.ts';
import { logOut } from './log-out.ts';
import { addMailPages } from './mail/routes.ts';
import { showPackage } from './package-page.ts';
import { showSearch } from './search.ts';
import { addSecurityPages } from './security/routes.ts';
import { showSignUp, signUp } from './sign-up.ts';
import { approveStaged, approveStagedByPasskey, rejectStaged, showStaged } from './staged.ts';
import { addStaticFiles } from './static-files.ts';

/** Of a form: a passkey's answer is the largest. */
const longestForm = 64 * 1024;

/** Every page. A form is sent to the path of the page that holds it, unless another path says what it does. */
export function addPages(app: FastifyInstance, services: Services): void {
  app.register((pages, _options, done) => {
    pages.register(cookie);
    // Forms only: what is sent as JSON comes from no form of ours.
    pages.removeAllContentTypeParsers();
    pages.register(formbody, { bodyLimit: longestForm });
    const { get, post } = pageRoutes(pages, services);
    addStaticFiles(pages);

    get('/', showFront);
    get('/-/web/search', showSearch);
    get('/-/web/package/*', showPackage);
    get('/-/web/crate/:name', showCrate);

    get('/-/web/sign-up', showSignUp);
    post('/-/web/sign-up', signUp);
    get('/-/web/log-in', showLogIn);
    post('/-/web/log-in', logIn);
    post('/-/web/log-in/passkey', logInByPasskey);
    get('/-/web/log-in/factor', showLogInFactor);
    post('/-/web/log-in/factor', completeByCode);
    post('/-/web/log-in/factor/passkey', completeByPasskey);
    post('/-/web/log-out', logOut);
    get('/-/web/confirm', showConfirm);
    post('/-/web/confirm', confirm);
    post('/-/web/confirm/passkey', confirmByPasskey);
    get('/-/web/approve/:page', showApproval);
    post('/-/web/approve/:page', approve);
    post('/-/web/approve/:page/passkey', approveByPasskey);
    post('/-/web/approve/:page/deny', denyRequest);
    get('/-/web/staged/:id', showStaged);
    post('/-/web/staged/:id/approve', approveStaged);
    post('/-/web/staged/:id/passkey', approveStagedByPasskey);
    post('/-/web/staged/:id/reject', rejectStaged);
    get('/-/web/account', showAccount);
    get('/-/web/invitations', showInvitations);
    post('/-/web/invitations', answerInvitation);
    addMailPages({ get, post });
    addSecurityPages({ get, post });
    get('/-/web/*', showNothing);
    done();
  });
}

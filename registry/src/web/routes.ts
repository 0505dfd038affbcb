import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.ts';
import { showAccount } from './account.ts';
import { showFront } from './front.ts';
import { pageRoutes } from './handle.ts';
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
    const { get } = pageRoutes(pages, services);
    addStaticFiles(pages);

    get('/', showFront);
    get('/-/web/account', showAccount);
    done();
  });
}

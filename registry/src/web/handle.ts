import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';
import { refusalOf } from '../framework-refusal.ts';
import type { Services } from '../services.ts';
import { checkForm } from './csrf.ts';
import { betterAddress } from './host.ts';
import { html } from './html.ts';
import { type Answer, type Page, page, redirect, renderPage, sentence } from './layout.ts';
import { protect, sendDocument } from './respond.ts';
import { currentPage, withReturn } from './return-path.ts';
import { findLoggedIn, openVisit, type Visit } from './visit.ts';

/** Makes an answer of a request. Throws `Refusal`, which becomes a page; any other error is a fault. */
export type PageHandler = (visit: Visit) => Promise<Answer>;

export interface PageRoutes {
  get(path: string, handler: PageHandler): void;
  /** The form is checked before the handler sees it. */
  post(path: string, handler: PageHandler): void;
}

/** Routes for pages on one scope of the application, with all failures as pages too. */
export function pageRoutes(app: FastifyInstance, services: Services): PageRoutes {
  const on = (handler: PageHandler) => async (request: FastifyRequest, reply: FastifyReply) => {
    const better = request.method === 'GET' ? betterAddress(request, services.settings) : undefined;
    if (better !== undefined) return await protect(reply).redirect(better, 302);
    const visit = await openVisit(services, request, reply);
    const { cookie } = visit;
    if (request.method === 'POST') checkForm(request, { cookie, publicUrl: services.settings.publicUrl() });
    await send(visit, await handler(visit));
    return reply;
  };
  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    const visit = await openVisit(services, request, reply);
    await send(visit, answerFailure(visit, error));
    return reply;
  });
  return {
    get: (path, handler) => void app.get(path, on(handler)),
    post: (path, handler) => void app.post(path, on(handler)),
  };
}

async function send(visit: Visit, answer: Answer): Promise<void> {
  const { reply } = visit;
  if (answer.kind === 'redirect') await protect(reply).redirect(answer.to, 303);
  else await sendDocument(reply, answer.status, renderPage(answer, frameOf(visit)));
}

function frameOf(visit: Visit) {
  const { issuer, registration } = visit.services.settings;
  const loggedIn = findLoggedIn(visit);
  const account = loggedIn && { name: loggedIn.actor.name, csrf: visit.csrf() };
  return { issuer, account, registration: registration === 'open' };
}

function answerFailure(visit: Visit, error: FastifyError): Answer {
  const { request, reply, services } = visit;
  const refusal = refusalOf(error);
  if (refusal !== undefined) return answerRefusal(visit, refusal);
  reply.removeHeader('etag');
  services.log(
    `${request.method} ${request.routeOptions.url ?? 'unknown route'} failed: ${error.stack ?? error.message}`,
  );
  return failurePage(500, 'This did not work', 'the registry failed to do this; nothing was changed');
}

/**
 * What is missing is asked for, and the visitor comes back to the page. A form they had sent is not sent for
 * them again: they see what they are about to do before they do it.
 */
function answerRefusal({ request, reply }: Visit, refusal: Refusal): Answer {
  if (refusal.code === 'unauthenticated') return redirect(withReturn('/-/web/log-in', currentPage(request)));
  if (refusal.code === 'proof_required') return redirect(withReturn('/-/web/confirm', currentPage(request)));
  if (refusal.retryAfter !== undefined) reply.header('retry-after', String(refusal.retryAfter));
  const title = refusal.code === 'not_found' ? 'Not found' : 'This was refused';
  return failurePage(pageStatus(refusal), title, refusal.message);
}

/** For every path that no page is at. */
export async function showNothing(): Promise<Answer> {
  throw new Refusal('not_found', 'there is nothing here');
}

/** 401 is for programs: it demands a `www-authenticate` that pages have no use for (RFC 9110 §15.5.2). */
export function pageStatus({ status }: Refusal): number {
  return status === 401 ? 403 : status;
}

/**
 * The work of a form. Refused, the visitor gets the form again, with what is wrong with it on top; but for
 * those refusals that lead to another page.
 */
export async function orFormAgain(
  visit: Visit,
  work: () => Promise<Answer>,
  form: (problem: string) => Promise<Page>,
): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal) || ['unauthenticated', 'proof_required'].includes(error.code))
      throw error;
    if (error.retryAfter !== undefined) visit.reply.header('retry-after', String(error.retryAfter));
    return { ...(await form(error.message)), status: pageStatus(error) };
  }
}

function failurePage(status: number, title: string, text: string): Page {
  return page({ title, status, body: html`<h1>${title}</h1><p role="alert">${sentence(text)}</p>` });
}

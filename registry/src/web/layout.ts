import { assetUrl } from './assets.ts';
import { type Content, type Html, html } from './html.ts';

/** What a handler answers with: a page, which is put into the frame all pages share, or where to go instead. */
export type Answer = Page | Redirect;

export interface Page {
  readonly kind: 'page';
  readonly title: string;
  readonly body: Content;
  /** 200 unless said otherwise. */
  readonly status: number;
  /** Names of files in `static/`, without which the page works too, but for passkeys. */
  readonly scripts: readonly string[];
}

export interface Redirect {
  readonly kind: 'redirect';
  /** A path of ours. */
  readonly to: string;
}

type PageParts = Pick<Page, 'title' | 'body'> & Partial<Pick<Page, 'status' | 'scripts'>>;

export function page({ title, body, status = 200, scripts = [] }: PageParts): Page {
  return { kind: 'page', title, body, status, scripts };
}

/** Answered with 303, so that a form that was sent is not sent again by reloading. RFC 9110 §15.4.4. */
export function redirect(to: string): Redirect {
  return { kind: 'redirect', to };
}

export interface Frame {
  readonly issuer: string;
  /** Whose page it is, and the hidden field of the form that logs out. */
  readonly account: { readonly name: string; readonly csrf: Html } | undefined;
  readonly registration: boolean;
}

/** A whole document. No script and no style but our own files: see the policy in `respond.ts`. */
export function renderPage({ title, body, scripts }: Page, frame: Frame): string {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · ${frame.issuer}</title>
<link rel="stylesheet" href="${assetUrl('style.css')}">
${scripts.map((name) => html`<script type="module" src="${assetUrl(name)}"></script>`)}
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<a class="brand" href="/">${frame.issuer}</a>
<form class="find" role="search" action="/-/web/search" method="get">
<label class="unseen" for="find">Search packages</label>
<input id="find" type="search" name="q" maxlength="100" placeholder="Search packages">
<button>Search</button>
</form>
<nav aria-label="Account">${accountLinks(frame)}</nav>
</header>
<main id="content" tabindex="-1">
${body}
</main>
</body>
</html>
`;
  return document.toString();
}

function accountLinks({ account, registration }: Frame): Html {
  if (account === undefined) {
    const signUp = registration && html`<a href="/-/web/sign-up">Sign up</a>`;
    return html`<a href="/-/web/log-in">Log in</a>${signUp}`;
  }
  return html`<a href="/-/web/account">${account.name}</a>
<form action="/-/web/log-out" method="post">${account.csrf}<button class="plain">Log out</button></form>`;
}

/** A remark on top of a form that was refused. Read aloud when the page opens. */
export function problem(text: string | undefined): Content {
  return text !== undefined && html`<p class="problem" role="alert">${sentence(text)}</p>`;
}

/** Refusals are worded for programs, in lower case without a full stop. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

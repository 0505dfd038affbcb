import { createAccount } from '../accounts/accounts.ts';
import { beginBrowserLogin } from '../accounts/browser-log-in.ts';
import { Refusal } from '../errors.ts';
import { programOf, queryParameter } from '../protocols/request.ts';
import { returnField } from './fields.ts';
import { field } from './form.ts';
import { orFormAgain } from './handle.ts';
import { html } from './html.ts';
import { type Answer, type Page, page, problem, redirect } from './layout.ts';
import { home, safeReturn } from './return-path.ts';
import { findLoggedIn, keepSession, type Visit } from './visit.ts';

/** A new account, where anybody may make one. */
export async function showSignUp(visit: Visit): Promise<Answer> {
  refuseWhereClosed(visit);
  if (findLoggedIn(visit) !== undefined) return redirect(home);
  return signUpPage(visit, safeReturn(queryParameter(visit.request, 'return')));
}

function signUpPage(visit: Visit, back: string, wrong?: string): Page {
  const { request } = visit;
  return page({
    title: 'Sign up',
    body: html`<h1>Sign up</h1>
${problem(wrong)}
<form method="post" action="/-/web/sign-up">
${visit.csrf()}${returnField(back)}
<label for="name">User name</label>
<p class="hint" id="name-hint">Lower-case letters, digits, hyphens and underscores. It is public, and stays.</p>
<input id="name" name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="64" aria-describedby="name-hint" value="${field(request, 'name').slice(0, 64)}">
<label for="email">E-mail address</label>
<p class="hint" id="email-hint">For notices about your account and your packages.</p>
<input id="email" name="email" type="email" autocomplete="email" required maxlength="254" aria-describedby="email-hint" value="${field(request, 'email').slice(0, 254)}">
<label for="password">Password</label>
<p class="hint" id="password-hint">At least 15 characters: a sentence, or better what a password manager makes.</p>
<input id="password" name="password" type="password" autocomplete="new-password" required minlength="15" maxlength="256" aria-describedby="password-hint">
<p><button>Create the account</button></p>
</form>
<p class="soft">You have an account? <a href="/-/web/log-in">Log in</a></p>`,
  });
}

export async function signUp(visit: Visit): Promise<Answer> {
  refuseWhereClosed(visit);
  const { services, request } = visit;
  const back = safeReturn(field(request, 'return'));
  const work = async () => {
    const [name, email] = [field(request, 'name').trim(), field(request, 'email').trim()];
    const password = field(request, 'password');
    const by = { kind: 'registration', ...programOf(request) } as const;
    await createAccount(services, { name, email, password, by });
    keepSession(visit, await beginBrowserLogin(services, { name, password, program: programOf(request) }));
    return redirect(back);
  };
  return await orFormAgain(visit, work, async (wrong) => signUpPage(visit, back, wrong));
}

function refuseWhereClosed({ services }: Visit): void {
  if (services.settings.registration === 'open') return;
  throw new Refusal('registration_closed', 'accounts of this registry are made by its operator');
}

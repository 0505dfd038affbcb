import type { PageRoutes } from '../handle.ts';
import { askAgain, changeEmail, showEmail } from './email.ts';
import { askForLink, showForgotten } from './forgotten.ts';
import { changePassword, showPassword } from './password.ts';
import { reset, resetByPasskey, showReset } from './reset.ts';
import { showVerify, verify } from './verify.ts';

/** What mails lead to, and where an account says where its mail goes. */
export function addMailPages({ get, post }: PageRoutes): void {
  get('/-/web/mail/verify/:secret', showVerify);
  post('/-/web/mail/verify/:secret', verify);
  get('/-/web/mail/reset/:secret', showReset);
  post('/-/web/mail/reset/:secret', reset);
  post('/-/web/mail/reset/:secret/passkey', resetByPasskey);
  get('/-/web/password/forgotten', showForgotten);
  post('/-/web/password/forgotten', askForLink);
  get('/-/web/account/password', showPassword);
  post('/-/web/account/password', changePassword);
  get('/-/web/account/email', showEmail);
  post('/-/web/account/email', changeEmail);
  post('/-/web/account/email/again', askAgain);
}

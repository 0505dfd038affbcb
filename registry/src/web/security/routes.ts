import type { PageRoutes } from '../handle.ts';
import { showHistory } from './history.ts';
import { showSecurity } from './overview.ts';
import { addPasskey, remove, rename, showAddPasskey, showPasskey, showPasskeys } from './passkeys.ts';
import { renewCodes, showRecoveryCodes } from './recovery-codes.ts';
import { endOtherSessions, endSession, showSessions } from './sessions.ts';
import { create, revoke, showCreateToken, showTokens } from './tokens.ts';
import { beginTotp, confirmTotp, removeTotp, showTotp } from './totp.ts';

/** The security page of an account and the pages below it. All of them take a login; see each for what else. */
export function addSecurityPages({ get, post }: PageRoutes): void {
  get('/-/web/security', showSecurity);
  get('/-/web/security/history', showHistory);

  get('/-/web/security/totp', showTotp);
  post('/-/web/security/totp/begin', beginTotp);
  post('/-/web/security/totp/confirm', confirmTotp);
  post('/-/web/security/totp/mode', beginTotp);
  post('/-/web/security/totp/remove', removeTotp);

  get('/-/web/security/passkeys', showPasskeys);
  get('/-/web/security/passkeys/add', showAddPasskey);
  post('/-/web/security/passkeys/add', addPasskey);
  get('/-/web/security/passkeys/:id', showPasskey);
  post('/-/web/security/passkeys/:id/rename', rename);
  post('/-/web/security/passkeys/:id/remove', remove);

  get('/-/web/security/recovery-codes', showRecoveryCodes);
  post('/-/web/security/recovery-codes', renewCodes);

  get('/-/web/security/sessions', showSessions);
  post('/-/web/security/sessions/end', endSession);
  post('/-/web/security/sessions/end-others', endOtherSessions);

  get('/-/web/security/tokens', showTokens);
  get('/-/web/security/tokens/create', showCreateToken);
  post('/-/web/security/tokens/create', create);
  post('/-/web/security/tokens/revoke', revoke);
}

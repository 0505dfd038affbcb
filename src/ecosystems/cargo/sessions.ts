import { cratesIoUrl } from '../../config/registry-target.ts';
import { PubError } from '../../errors.ts';
import { webAddress } from '../../http/browser-request.ts';
import type { Secret } from '../../secret.ts';
import type { ApiClient } from './api-client.ts';
import { apiRefusal, isSuccess } from './api-refusal.ts';

/** Where a person makes a token: `{api}/me`, as cargo says, or what the registry names when it asks for one. */
export async function tokenPage({ index }: ApiClient): Promise<string | undefined> {
  const challenged = await index.loginPage();
  if (challenged !== undefined) return challenged;
  const config = await index.config(undefined).catch((error) => {
    if (error instanceof PubError && error.code === 'E_NOT_LOGGED_IN') return undefined;
    throw error;
  });
  return config?.api === undefined ? undefined : webAddress(`${config.api}/me`)?.href;
}

/**
 * A registry that asks for a token also for reading says whether it takes this one. No other has a request that asks
 * this and does nothing: crates.io answers `/me` to its own pages alone.
 */
export async function tryToken({ index }: ApiClient, token: Secret): Promise<boolean> {
  const { authRequired } = await index.config(token);
  return authRequired;
}

/** crates.io lets a token end itself. cargo's protocol knows no such request. */
export async function revoke(api: ApiClient, token: Secret): Promise<boolean> {
  if (api.index.target.url !== cratesIoUrl) return false;
  const attempt = `failed to revoke the token at ${api.index.displayUrl}`;
  const response = await api.ask({ method: 'DELETE', path: 'tokens/current', attempt, token });
  if (!isSuccess(response)) throw apiRefusal(response, attempt);
  return true;
}

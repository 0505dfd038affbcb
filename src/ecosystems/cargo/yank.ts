import type { Proofs } from '../proofs.ts';
import type { Yanking } from '../registry.ts';
import type { ApiClient } from './api-client.ts';
import { requireCrateName, requireCrateVersion } from './crate-name.ts';

/** Both are idempotent. */
export async function yank(api: ApiClient, proofs: Proofs, { name, version, undo }: Yanking): Promise<void> {
  requireCrateName(name);
  requireCrateVersion(version);
  const path = `crates/${name}/${encodeURIComponent(version)}`;
  const attempt = `failed to ${undo ? 'put back' : 'yank'} \`${name}@${version}\` at ${api.index.displayUrl}`;
  if (undo) await api.read({ method: 'PUT', path: `${path}/unyank`, attempt, ...proofs, body: '' });
  else await api.read({ method: 'DELETE', path: `${path}/yank`, attempt, ...proofs });
}

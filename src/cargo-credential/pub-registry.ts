import type { RegistryTarget } from '../config/registry-target.ts';
import { refusalOf } from '../http/registry-error.ts';
import type { Transport } from '../http/transport.ts';
import { parseJsonObject, stringMember } from '../json.ts';

/**
 * Where a cargo registry would answer as `pub-registry`, by its own `config.json`: beside the web API that stands
 * there, and only at the host of the index. A registry that names another host may not be sent the token there. No
 * token is sent to find out.
 */
export async function pubRegistryOf(
  transport: Transport,
  { url }: RegistryTarget,
): Promise<string | undefined> {
  if (!url.startsWith('sparse+')) return undefined;
  const index = new URL(url.slice('sparse+'.length));
  const response = await transport.send({ method: 'GET', url: new URL('config.json', index) });
  if (response.status === 401) return aboveCargo(new URL('..', index), index);
  // One that is busy is not taken for a registry without tokens for one act.
  if (response.status === 429 || response.status >= 500)
    throw refusalOf(response, `failed to read config.json of ${index.href}`);
  const api = response.status === 200 ? stringMember(parseJsonObject(response.text), 'api') : undefined;
  return api === undefined ? undefined : aboveCargo(URL.parse(api), index);
}

/** `https://registry.example/` of its `https://registry.example/cargo`. */
function aboveCargo(api: URL | null, index: URL): string | undefined {
  if (api?.origin !== index.origin || api.username !== '' || api.password !== '') return undefined;
  const root = /^(.*\/)cargo\/?$/.exec(api.pathname)?.[1];
  return root === undefined ? undefined : `${api.origin}${root}`;
}

import type { RegistryTarget } from '../config/registry-target.ts';
import { parseIndexUrl } from '../config/registry-url.ts';
import { PubError } from '../errors.ts';
import type { CargoContext } from './context.ts';
import { getToken } from './get-token.ts';
import { logIn } from './log-in.ts';
import type { CargoAnswer, CargoRefusal, CargoRegistry, CargoRequest } from './messages.ts';

/** Does what cargo asks for. Throws what cargo shall print. */
export async function answerCargo(
  context: CargoContext,
  request: CargoRequest,
): Promise<CargoAnswer | CargoRefusal> {
  const target = targetOf(request.registry);
  if (target === undefined) return { kind: 'url-not-supported' };
  if (request.kind === 'get') return await getToken(context, target, request.operation);
  if (request.kind === 'login') return await logIn(context, target, request);
  return await logOut(context, target);
}

/** `undefined` for what no token is kept for, such as an index in a folder: another provider may know it. */
function targetOf({ indexUrl, name }: CargoRegistry): RegistryTarget | undefined {
  try {
    return { name, url: parseIndexUrl(indexUrl), chosenBy: 'cargo' };
  } catch (error) {
    if (error instanceof PubError) return undefined;
    throw error;
  }
}

/** On this computer only, as with each of cargo's own providers. */
async function logOut(
  { credentials, note }: CargoContext,
  target: RegistryTarget,
): Promise<CargoAnswer | CargoRefusal> {
  if (!(await credentials.keychain.erase(target))) return { kind: 'not-found' };
  note(
    'The token was erased from the keychain. It stays valid at the registry until it expires or is revoked.',
  );
  return { kind: 'logout' };
}

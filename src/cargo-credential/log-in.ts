import type { RegistryTarget } from '../config/registry-target.ts';
import { namelessAccount } from '../credentials/provider.ts';
import { PubError } from '../errors.ts';
import { Secret } from '../secret.ts';
import type { CargoContext, PubRegistry } from './context.ts';
import type { CargoAnswer, CargoRequest } from './messages.ts';
import { pubRegistryOf } from './pub-registry.ts';

type LogIn = Extract<CargoRequest, { readonly kind: 'login' }>;

const instead = 'store it with `pub login --token-stdin`';

/** `cargo login`. As `pub login`: the keychain is asked first, and a token is tried where the registry lets one. */
export async function logIn(
  context: CargoContext,
  target: RegistryTarget,
  request: LogIn,
): Promise<CargoAnswer> {
  await context.credentials.keychain.probe(target);
  const url = await pubRegistryOf(context.transport, target);
  const registry = url === undefined ? undefined : await context.connect(url);
  const token =
    request.token === undefined
      ? await askFor(context, target, { registry, request })
      : checked(request.token);
  const account = registry === undefined ? namelessAccount : await accountAt(registry, token);
  await context.credentials.keychain.store(target, account, token);
  context.note(`The token for ${shown(target)} was stored in the keychain of this computer.`);
  return { kind: 'login' };
}

/** A registry that only looks like ours does not know the question. */
async function accountAt(registry: PubRegistry, token: Secret): Promise<string> {
  try {
    return await registry.whoAmI(token);
  } catch (error) {
    if (error instanceof PubError && error.code === 'E_NOT_FOUND') return namelessAccount;
    throw error;
  }
}

interface Asked {
  readonly registry: PubRegistry | undefined;
  readonly request: LogIn;
}

async function askFor(
  { prompter }: CargoContext,
  target: RegistryTarget,
  { registry, request }: Asked,
): Promise<Secret> {
  const page = await registry?.beginBrowserLogin();
  if (registry === undefined || page === undefined) {
    const message = `token for ${shown(target)}${whereToFind(request.loginUrl)}`;
    return checked((await prompter.secret({ message, instead })).expose());
  }
  const message = `token for ${shown(target)}, or Enter to log in in a browser`;
  const typed = await prompter.optionalSecret({ message, instead });
  if (typed !== undefined) return checked(typed.expose());
  await prompter.visit({ message: 'Log in in a browser:', url: page.pageUrl, instead });
  return await registry.collect(page);
}

/** The registry's own word, so only where it is an address. */
function whereToFind(loginUrl: string | undefined): string {
  return loginUrl !== undefined && /^https?:\/\/[\x21-\x7e]{1,300}$/.test(loginUrl)
    ? ` (see ${loginUrl})`
    : '';
}

function shown({ url }: RegistryTarget): string {
  return url.replace(/^sparse\+/, '');
}

/** What cargo itself lets a token be: printable ASCII and tabs. */
function checked(text: string): Secret {
  const token = text.trim();
  if (/^[\t\x20-\x7e]{1,8192}$/.test(token)) return new Secret(token);
  throw new PubError('E_USAGE', 'what was given is not a token', {
    hint: 'give the token alone, without quotes or line breaks',
  });
}

import type { KnownRegistry } from '../config/registries.ts';
import type { Context } from '../context.ts';

type RegistriesContext = Pick<Context, 'registries' | 'terminal'>;

export async function listRegistries({ registries, terminal }: RegistriesContext): Promise<void> {
  const known = await registries.list();
  const width = Math.max(0, ...known.map(({ name }) => name.length));
  const lines = known.map(
    (registry) => `${registry.name.padEnd(width)}  ${registry.url}${registry.default ? '  (default)' : ''}`,
  );
  if (known.length === 0)
    terminal.note('No registry is known. Add one with `pub registry add <name> <url>`.');
  terminal.result(known.map(asJson), lines.join('\n'));
}

export async function addRegistry(
  { registries, terminal }: RegistriesContext,
  request: { readonly name: string; readonly url: string; readonly makeDefault: boolean },
): Promise<void> {
  const added = await registries.add(request.name, request.url);
  const known = request.makeDefault ? await registries.setDefault(added.name) : added;
  terminal.status('Added', `${known.name} (${known.url})${known.default ? ', now the default' : ''}`);
  terminal.result(asJson(known), '');
}

export async function removeRegistry(
  { registries, terminal }: RegistriesContext,
  request: { readonly name: string },
): Promise<void> {
  const removed = await registries.remove(request.name);
  terminal.status('Removed', `${removed.name} (${removed.url})`);
  terminal.result(asJson({ ...removed, default: false }), '');
}

/** Without a name: says which registry is the default. */
export async function defaultRegistry(
  { registries, terminal }: RegistriesContext,
  request: { readonly name: string | undefined },
): Promise<void> {
  if (request.name === undefined) {
    const target = await registries.resolve({});
    terminal.result({ name: target.name ?? null, url: target.url, chosenBy: target.chosenBy }, target.url);
    return;
  }
  const known = await registries.setDefault(request.name);
  terminal.status('Set', `${known.name} (${known.url}) as the default registry`);
  terminal.result(asJson(known), '');
}

function asJson({ name, url, default: isDefault }: KnownRegistry): {
  name: string;
  url: string;
  default: boolean;
} {
  return { name, url, default: isDefault };
}

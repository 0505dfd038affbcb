import type { CargoSetup } from '../config/cargo-config.ts';
import type { Context } from '../context.ts';

/** Lets stock cargo ask this program for its tokens; or, with `undo`, no longer. */
export async function setUpCargo(
  { cargoConfig, terminal }: Pick<Context, 'cargoConfig' | 'terminal'>,
  { undo }: { readonly undo: boolean },
): Promise<void> {
  const setup = undo ? await cargoConfig.removeProvider() : await cargoConfig.addProvider();
  const { path, provider, changed, providers } = setup;
  if (!changed) terminal.note(undo ? `${path} does not name it.` : `${path} names ${provider} already.`);
  else terminal.status(undo ? 'Removed' : 'Added', `${provider} ${undo ? 'from' : 'to'} ${path}`);
  if (!undo) explain(setup, terminal);
  terminal.result({ path, provider, changed, providers: providers ?? null }, '');
}

function explain({ providers = [], provider, overridden }: CargoSetup, terminal: Context['terminal']): void {
  const list = providers.map((one) => JSON.stringify(one)).join(', ');
  terminal.note(`registry.global-credential-providers = [${list}]`);
  const first = providers.at(-1);
  if (first !== provider)
    terminal.warn(`cargo asks ${first} before it: the last one in the list comes first`);
  for (const setting of overridden)
    terminal.warn(`${setting} is set: where it applies, cargo asks that instead`);
}

import type { CargoConfig } from './config/cargo-config.ts';
import type { Registries } from './config/registries.ts';
import type { Credentials } from './credentials/provider.ts';
import type { Prompter } from './terminal/prompter.ts';

/*
 * Parts of the context that are loaded with the first call of one of their methods.
 */

/** Runs `load` with the first call, and gives the same answer to every other. */
export function once<T>(load: () => Promise<T>): (() => Promise<T>) & { used(): boolean } {
  let loading: Promise<T> | undefined;
  const get = (): Promise<T> => {
    loading ??= load();
    return loading;
  };
  return Object.assign(get, { used: () => loading !== undefined });
}

export function deferredPrompter(load: () => Promise<Prompter>): Prompter {
  return {
    text: async (question) => (await load()).text(question),
    secret: async (question) => (await load()).secret(question),
    optionalSecret: async (question) => (await load()).optionalSecret(question),
    visit: async (page) => (await load()).visit(page),
    confirm: async (question) => (await load()).confirm(question),
  };
}

export function deferredRegistries(load: () => Promise<Registries>): Registries {
  return {
    resolve: async (choice) => (await load()).resolve(choice),
    list: async () => (await load()).list(),
    add: async (name, url) => (await load()).add(name, url),
    remove: async (name) => (await load()).remove(name),
    setDefault: async (name) => (await load()).setDefault(name),
  };
}

export function deferredCredentials(load: () => Promise<Credentials>): Credentials {
  return {
    get: async (registry) => (await load()).get(registry),
    require: async (registry) => (await load()).require(registry),
    keychain: {
      probe: async (registry) => (await load()).keychain.probe(registry),
      get: async (registry) => (await load()).keychain.get(registry),
      store: async (registry, account, token) => (await load()).keychain.store(registry, account, token),
      erase: async (registry) => (await load()).keychain.erase(registry),
    },
  };
}

export function deferredCargoConfig(load: () => Promise<CargoConfig>): CargoConfig {
  return {
    addProvider: async () => (await load()).addProvider(),
    removeProvider: async () => (await load()).removeProvider(),
  };
}

import type { ConfigFile } from './config-file.ts';

/** Remembers which account's token the keychain holds for a registry. By normalised URL; not secret. */
export interface Logins {
  accountOf(registryUrl: string): Promise<string | undefined>;
  remember(registryUrl: string, account: string): Promise<void>;
  forget(registryUrl: string): Promise<void>;
}

/** Keeps them in the `[logins]` table of `config.toml`. */
export function createLogins(file: ConfigFile): Logins {
  return {
    async accountOf(registryUrl) {
      return (await file.read()).logins.get(registryUrl);
    },
    async remember(registryUrl, account) {
      if ((await file.read()).logins.get(registryUrl) === account) return;
      await file.update((config) => ({
        ...config,
        logins: new Map(config.logins).set(registryUrl, account),
      }));
    },
    async forget(registryUrl) {
      if (!(await file.read()).logins.has(registryUrl)) return;
      await file.update((config) => {
        const logins = new Map(config.logins);
        logins.delete(registryUrl);
        return { ...config, logins };
      });
    },
  };
}

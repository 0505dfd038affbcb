import { type RegistryTarget, tokenUrlOf } from '../config/registry-target.ts';
import { Secret } from '../secret.ts';
import { entryFor, type KeychainEntry, requireFits } from './keychain-entry.ts';
import { keychainError } from './keychain-error.ts';
import type { AskKeychain } from './keychain-process.ts';
import type { KeychainAnswer, KeychainRequest } from './keychain-protocol.ts';
import { type CredentialStore, namelessAccount } from './provider.ts';

/** Remembers whose token lies in the keychain for a registry. Not secret. By normalised URL. */
export interface LoginAccounts {
  accountOf(registryUrl: string): Promise<string | undefined>;
  remember(registryUrl: string, account: string): Promise<void>;
  forget(registryUrl: string): Promise<void>;
}

export interface KeychainOptions {
  readonly ask: AskKeychain;
  readonly accounts: LoginAccounts;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** True when a person sits at the terminal, and could answer a dialog. */
  readonly interactive: boolean;
  /** Tells the person what is being waited for. */
  readonly note: (text: string) => void;
}

/** Stored for a moment to see whether the keychain takes anything. */
const accountOfProbe = 'pub-probe';
const valueOfProbe = new Secret('not a token');

/** The keychain of the operating system. Not touched for a registry nobody logged in to. */
export function createKeychain(options: KeychainOptions): CredentialStore {
  const { accounts, platform } = options;
  return {
    async get(registry) {
      const account = await accounts.accountOf(tokenUrlOf(registry.url));
      if (account === undefined) return undefined;
      const answer = await ask(options, 'get', entryFor(tokenUrlOf(registry.url), account, platform));
      return answer.status === 'found'
        ? { token: answer.token, account: named(account), source: 'the keychain', kept: true }
        : undefined;
    },
    async probe(registry) {
      // Reading would not do: a locked keychain without entries, and one without a collection, read as empty.
      const entry = entryFor(tokenUrlOf(registry.url), accountOfProbe, platform);
      await ask(options, 'set', entry, valueOfProbe);
      await ask(options, 'delete', entry);
    },
    async store(registry, account, token) {
      requireFits(token, platform);
      const entry = entryFor(tokenUrlOf(registry.url), account, platform);
      const previous = await accounts.accountOf(tokenUrlOf(registry.url));
      await ask(options, 'set', entry, token);
      try {
        await accounts.remember(tokenUrlOf(registry.url), account);
      } catch (error) {
        // Not remembered, it would stay for ever.
        await ask(options, 'delete', entry);
        throw error;
      }
      if (previous !== undefined && previous !== account) {
        await ask(options, 'delete', entryFor(tokenUrlOf(registry.url), previous, platform));
      }
    },
    async erase(registry: RegistryTarget) {
      const account = await accounts.accountOf(tokenUrlOf(registry.url));
      if (account === undefined) return false;
      const answer = await ask(options, 'delete', entryFor(tokenUrlOf(registry.url), account, platform));
      await accounts.forget(tokenUrlOf(registry.url));
      return answer.status === 'erased';
    },
  };
}

function named(account: string): string | undefined {
  return account === namelessAccount ? undefined : account;
}

type Settled = Extract<KeychainAnswer, { status: 'found' | 'stored' | 'erased' | 'absent' }>;

/** One question to the keychain. Every fault is thrown, with its own code. */
async function ask(
  options: KeychainOptions,
  action: KeychainRequest['action'],
  entry: KeychainEntry,
  token?: KeychainRequest['token'],
): Promise<Settled> {
  const request = { action, ...entry, token, mayPrompt: canShowDialog(options) };
  const answer = await options.ask(request, () =>
    options.note('Waiting for the keychain: answer its dialog to unlock it, or press Ctrl-C to give up'),
  );
  if ('reason' in answer) throw keychainError(answer, entry, options.platform);
  return answer;
}

/** Whether a person would see a dialog of the keychain. */
export function canShowDialog({
  interactive,
  environment,
  platform,
}: Pick<KeychainOptions, 'interactive' | 'environment' | 'platform'>): boolean {
  if (!interactive) return false;
  return platform !== 'linux' || Boolean(environment['DISPLAY'] || environment['WAYLAND_DISPLAY']);
}

import { cratesIoUrl, type RegistryTarget } from '../config/registry-target.ts';
import { PubError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { canShowDialog } from './keychain.ts';
import { keychainError } from './keychain-error.ts';
import type { AskKeychain } from './keychain-process.ts';
import type { KeychainAnswer } from './keychain-protocol.ts';
import type { RunTool } from './keychain-tool.ts';
import type { CredentialProvider } from './provider.ts';

/**
 * The entries that cargo's own providers (`cargo:libsecret`, `cargo:macos-keychain`, `cargo:wincred`) keep. They are
 * read and never changed: `cargo logout` is for that. `@napi-rs/keyring` reaches those of Windows alone; it
 * looks for attributes that cargo's entry does not have on Linux (measured), and macOS' has no account, which it
 * demands. There the system's own program reads them; it is given the name of the entry, which is no secret.
 *
 * The names are from cargo's source. Only Linux was run.
 */
export interface CargoKeychainOptions {
  readonly runTool: RunTool;
  readonly ask: AskKeychain;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly interactive: boolean;
  readonly note: (text: string) => void;
}

/** What cargo calls the index of crates.io, wherever that is read from. It is a name, and nothing is sent there. */
export const cratesIoIndex = cratesIoUrl.slice(0, -1);

/** Milliseconds; those of the keychain's own process. */
const forService = 2_600;
const forDialog = 120_000;
const unattended = 900;

export function createCargoKeychain(options: CargoKeychainOptions): CredentialProvider {
  return {
    async get({ url }) {
      const index = indexOf(url);
      if (index === undefined) return undefined;
      const answer = await lookUp(options, index);
      // Without a keychain cargo cannot have kept anything in it.
      if (answer.status === 'absent' || answer.status === 'unavailable') return undefined;
      if ('reason' in answer) throw keychainError(answer, entryOf(index), options.platform);
      if (answer.status !== 'found') return undefined;
      return {
        token: checked(answer.token),
        account: undefined,
        source: "cargo's keychain entry",
        kept: false,
      };
    },
  };
}

/** The index as cargo writes it in its entries; `undefined` for what is no registry of cargo's. */
function indexOf(url: RegistryTarget['url']): string | undefined {
  if (url.startsWith('sparse+')) return url;
  return url === cratesIoUrl ? cratesIoIndex : undefined;
}

function entryOf(index: string): { service: string; account: string } {
  return { service: `cargo-registry:${index}`, account: '' };
}

async function lookUp(options: CargoKeychainOptions, index: string): Promise<KeychainAnswer> {
  if (options.platform === 'linux') return await inSecretService(options, index);
  if (options.platform === 'darwin') return await inMacKeychain(options, index);
  if (options.platform === 'win32') return await inCredentialManager(options, index);
  return { status: 'absent' };
}

/**
 * A search never opens a dialog, and lists what is locked without its secret (measured with libsecret 0.20); it says
 * nothing where there is nothing. Only the lookup can unlock, and waits for the person as long as they take.
 */
async function inSecretService(options: CargoKeychainOptions, index: string): Promise<KeychainAnswer> {
  const attributes = ['xdg:schema', 'org.rust-lang.cargo.registry', 'url', index];
  const search = await options.runTool('secret-tool', ['search', ...attributes], forService);
  if (search.status === 'late') return { status: 'silent', reason: 'no answer in time' };
  if (search.status === 'missing') return { status: 'unavailable', reason: 'there is no secret-tool' };
  if (search.code !== 0) return { status: 'unavailable', reason: 'it cannot be reached' };
  if (search.stdout === '') return { status: 'absent' };
  const locked = !/^secret = /m.test(search.stdout);
  const dialog = canShowDialog(options);
  if (locked && !dialog) return { status: 'locked', reason: 'it wants to ask a person' };
  if (locked)
    options.note('Waiting for the keychain: answer its dialog to unlock it, or press Ctrl-C to give up');
  const limit = locked ? forDialog : forService;
  const found = await options.runTool('secret-tool', ['lookup', ...attributes], limit);
  if (found.status === 'ended' && found.code === 0)
    return { status: 'found', token: new Secret(found.stdout) };
  if (locked) return { status: 'locked', reason: 'its dialog was not answered' };
  return { status: 'silent', reason: 'it listed the entry and did not give it' };
}

/** By its exit codes, the last byte of Apple's OSStatus: -25300 not found, -25308 no dialog allowed, -128 cancelled. */
async function inMacKeychain(options: CargoKeychainOptions, index: string): Promise<KeychainAnswer> {
  const { service, account } = entryOf(index);
  const args = ['find-generic-password', '-s', service, '-a', account, '-w'];
  const found = await options.runTool(
    '/usr/bin/security',
    args,
    options.interactive ? forDialog : unattended,
  );
  if (found.status === 'late') return { status: 'locked', reason: 'it wants to ask a person' };
  if (found.status === 'missing') return { status: 'unavailable', reason: 'there is no security program' };
  if (found.code === 0) return { status: 'found', token: new Secret(found.stdout.replace(/\n$/, '')) };
  if (found.code === 44) return { status: 'absent' };
  if (found.code === 36) return { status: 'locked', reason: 'it wants to ask a person' };
  return { status: 'denied', reason: `security ended with ${found.code}` };
}

/**
 * The binding knows an entry by `<account>.<service>` and has no other way that is safe (its `withTarget` erases):
 * cut at a dot, cargo's name becomes the two. A name without one, of a registry on this machine, cannot be read.
 */
async function inCredentialManager({ ask }: CargoKeychainOptions, index: string): Promise<KeychainAnswer> {
  const name = entryOf(index).service;
  const dot = name.indexOf('.');
  if (dot === -1) return { status: 'absent' };
  const entry = { account: name.slice(0, dot), service: name.slice(dot + 1) };
  return await ask({ action: 'get-bytes', ...entry, mayPrompt: false }, () => {});
}

/** What cargo itself lets a token be: printable ASCII and tabs. */
function checked(token: Secret): Secret {
  if (/^[\t\x20-\x7e]+$/.test(token.expose())) return token;
  throw new PubError('E_KEYCHAIN_DENIED', "cargo's keychain entry holds something that is not a token", {
    hint: 'run `cargo login` again',
  });
}

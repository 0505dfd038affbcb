import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { AsyncEntry } from '@napi-rs/keyring';
import { parseJsonObject, stringMember } from '../json.ts';
import { faultOf, isRace } from './keychain-fault.ts';
import type { KeychainLine, KeychainRequest } from './keychain-protocol.ts';

export interface KeychainChildOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly platform: NodeJS.Platform;
  /** Ends the process at once, whatever it is doing. */
  readonly die: () => void;
}

/** The same in every answer and question; checked, although only our own parent writes here. */
interface Request {
  readonly action: KeychainRequest['action'];
  readonly service: string;
  readonly account: string;
  readonly token: string | undefined;
  readonly mayPrompt: boolean;
}

const mostAttempts = 3;

/**
 * The whole of the child process: one request, one answer. A process of its own, because a call that waits
 * for a dialog cannot be given up in any other way: it survives timers, `AbortSignal` and even
 * `process.exit` (measured); only killing ends it.
 */
export async function runKeychainChild(options: KeychainChildOptions): Promise<void> {
  const { input, output } = options;
  const write = (line: KeychainLine): void => {
    output.write(`${JSON.stringify(line)}\n`);
  };
  input.once('end', options.die);
  output.once('error', options.die);
  for await (const line of createInterface({ input })) {
    const request = parseRequest(line);
    write(request === undefined ? { status: 'unavailable', reason: 'bad request' } : await answer(request));
  }

  async function answer(request: Request): Promise<KeychainLine> {
    try {
      const { AsyncEntry, findCredentialsAsync } = await import('@napi-rs/keyring');
      write({ status: 'ready' });
      return await withoutRaces(async () => {
        // The store is named: otherwise a missing service silently becomes the kernel's keyring, which
        // forgets, and answers "nothing stored". A service that is frozen fails here, after 2 s (measured).
        const store = { linux: { store: 'secret-service' } } as const;
        const entry = new AsyncEntry(request.service, request.account, store);
        if (options.platform === 'linux' && request.action !== 'set') {
          const locked = await isLocked(() => findCredentialsAsync(request.service));
          if (locked !== undefined && !request.mayPrompt) return locked;
        }
        write({ status: 'asking' });
        return await act(entry, request);
      });
    } catch (error) {
      return faultOf(error);
    }
  }
}

/** Searching reads what it finds without ever opening a dialog, and says so when that is locked. */
async function isLocked(find: () => Promise<unknown>): Promise<KeychainLine | undefined> {
  try {
    await find();
    return undefined;
  } catch (error) {
    const fault = faultOf(error);
    if (fault.status !== 'locked') throw error;
    return fault;
  }
}

async function act(entry: AsyncEntry, { action, token }: Request): Promise<KeychainLine> {
  if (action === 'get') {
    const found = await entry.getPassword();
    return typeof found === 'string' ? { status: 'found', token: found } : { status: 'absent' };
  }
  if (action === 'get-bytes') {
    const found = await entry.getSecret();
    return found ? { status: 'found', token: Buffer.from(found).toString('utf8') } : { status: 'absent' };
  }
  if (action === 'delete') {
    const erased = await entry.deleteCredential();
    if (typeof (await entry.getPassword()) === 'string') {
      return { status: 'denied', reason: 'the entry is still there after it was erased' };
    }
    return { status: erased ? 'erased' : 'absent' };
  }
  if (token === undefined) return { status: 'unavailable', reason: 'bad request' };
  await entry.setPassword(token);
  if ((await entry.getPassword()) === token) return { status: 'stored' };
  return { status: 'denied', reason: 'what was read back is not what was stored' };
}

async function withoutRaces(call: () => Promise<KeychainLine>): Promise<KeychainLine> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!isRace(error) || attempt === mostAttempts) throw error;
      await wait(20 * attempt);
    }
  }
}

function parseRequest(line: string): Request | undefined {
  const object = parseJsonObject(line);
  const action = stringMember(object, 'action');
  const service = stringMember(object, 'service');
  const account = stringMember(object, 'account');
  if (!isAction(action)) return undefined;
  if (!service || !account) return undefined;
  const mayPrompt = object?.['mayPrompt'] === true;
  return { action, service, account, token: stringMember(object, 'token'), mayPrompt };
}

function isAction(text: string | undefined): text is Request['action'] {
  return text === 'get' || text === 'get-bytes' || text === 'set' || text === 'delete';
}

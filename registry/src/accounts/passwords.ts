import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { Refusal } from '../errors.ts';
import { findGuess } from './guessable-passwords.ts';

/** The library's default algorithm is argon2id; this is OWASP's smallest recommended cost: 19 MiB, 2 passes, 1 lane. */
const options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Each hash in flight holds 19 MiB, so only this many run at once; the others wait their turn. */
const concurrency = 4;

/** Lengths in characters: NIST SP 800-63B-4 §3.1.1.2. The upper limit bounds the work of one request. */
const shortestAlone = 15;
const shortestWithFactor = 8;
const longest = 256;

/** Hashes and verifies passwords and recovery codes. */
export interface Passwords {
  hash(secret: string): Promise<string>;
  /** With no hash (there is no such account) takes as long as with one, and answers false. */
  verify(secret: string, hash: string | undefined): Promise<boolean>;
}

export function createPasswords(): Passwords {
  // Under way while the server starts, so that not even its first visitor can tell an unknown account by the time.
  const nobody = hash(randomBytes(32), options);
  const inTurn = limitConcurrency(concurrency);
  return {
    hash: (secret) => inTurn(() => hash(secret, options)),
    async verify(secret, encoded) {
      const unknown = await nobody;
      const matches = await inTurn(() => verify(encoded ?? unknown, secret));
      return encoded !== undefined && matches;
    },
  };
}

export interface PasswordOwner {
  readonly secondFactor: boolean;
  /** What everybody knows of the account: its name, its address, the registry's name. */
  readonly words?: readonly (string | null | undefined)[];
}

/** Throws `bad_request` for a password that is too short, too long, or among the first that are guessed. */
export function checkNewPassword(password: string, owner: PasswordOwner): void {
  const length = [...password].length;
  const shortest = owner.secondFactor ? shortestWithFactor : shortestAlone;
  if (length < shortest) {
    const reason = owner.secondFactor ? '' : ' as long as the account has no second factor';
    throw new Refusal('bad_request', `a password needs at least ${shortest} characters${reason}`);
  }
  if (length > longest) throw new Refusal('bad_request', `a password has at most ${longest} characters`);
  const guess = findGuess(password, owner.words ?? []);
  if (guess !== undefined) throw new Refusal('bad_request', `this password is ${guess}: choose another one`);
}

function limitConcurrency(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

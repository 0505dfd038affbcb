import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createPrivateFile, readPrivateFile, replacePrivateFile } from '../../store/private-file.ts';

/**
 * Encrypts the seeds of one-time passwords, so that a copy of the database alone does not give them away.
 * The key file holds one key a line, `<id> <32 bytes in base64>`; the first encrypts, all of them decrypt.
 * A sealed seed is `v1.<key id>.<nonce>.<ciphertext and tag>`, AES-256-GCM. The context (which factor of
 * which account) is authenticated along: a seed moved to another row does not open.
 */
export interface SeedKeys {
  seal(seed: string, context: string): string;
  /** Throws when it was sealed under a key that is gone, for another context, or was tampered with. */
  open(sealed: string, context: string): string;
  /** True when it was sealed under an older key than the first. */
  isStale(sealed: string): boolean;
}

const nonceLength = 12;
const tagLength = 16;

interface Key {
  readonly id: string;
  readonly bytes: Buffer;
}

/**
 * The keys in `file`, which is made with a first key when there is none. The file is read at each use: it is
 * small, and a server that runs while an operator rotates the keys seals under the new one at once.
 */
export function openSeedKeys(file: string): SeedKeys {
  if (readKeys(file) === undefined) createPrivateFile(file, textOf([createKey()]));
  return {
    seal: (seed, context) => sealUnder(currentKey(file), seed, context),
    open: (sealed, context) => openWith(readKeys(file) ?? [], sealed, context),
    isStale: (sealed) => parseSealed(sealed).keyId !== currentKey(file).id,
  };
}

/**
 * Puts a new key first and keeps the one before it, for whoever read the file just before. Call it only when
 * no seed is sealed under an older one.
 */
export function addSeedKey(file: string): void {
  replacePrivateFile(file, textOf([createKey(), ...(readKeys(file) ?? []).slice(0, 1)]));
}

function currentKey(file: string): Key {
  const [current] = readKeys(file) ?? [];
  if (current === undefined) throw new Error('the seed key file is missing or holds no key');
  return current;
}

function sealUnder(key: Key, seed: string, context: string): string {
  const nonce = randomBytes(nonceLength);
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce).setAAD(Buffer.from(context));
  const sealed = Buffer.concat([cipher.update(seed, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return ['v1', key.id, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
}

function openWith(keys: readonly Key[], sealed: string, context: string): string {
  const { keyId, nonce, ciphertext } = parseSealed(sealed);
  const key = keys.find((candidate) => candidate.id === keyId);
  if (key === undefined) throw new Error(`the seed key ${keyId} is not in the key file`);
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: tagLength });
  decipher.setAAD(Buffer.from(context)).setAuthTag(ciphertext.subarray(-tagLength));
  return decipher.update(ciphertext.subarray(0, -tagLength), undefined, 'utf8') + decipher.final('utf8');
}

function parseSealed(sealed: string): { keyId: string; nonce: Buffer; ciphertext: Buffer } {
  const [version, keyId, nonceText, ciphertextText, ...rest] = sealed.split('.');
  const nonce = Buffer.from(nonceText ?? '', 'base64url');
  const ciphertext = Buffer.from(ciphertextText ?? '', 'base64url');
  if (
    version !== 'v1' ||
    keyId === undefined ||
    rest.length > 0 ||
    nonce.length !== nonceLength ||
    ciphertext.length <= tagLength
  ) {
    throw new Error('a sealed seed is malformed');
  }
  return { keyId, nonce, ciphertext };
}

function createKey(): Key {
  return { id: randomBytes(6).toString('hex'), bytes: randomBytes(32) };
}

function readKeys(file: string): Key[] | undefined {
  return readPrivateFile(file)?.split('\n').filter(Boolean).map(parseKey);
}

function parseKey(line: string): Key {
  const [id, base64, ...rest] = line.split(' ');
  const bytes = Buffer.from(base64 ?? '', 'base64');
  if (!/^[0-9a-f]{12}$/.test(id ?? '') || bytes.length !== 32 || rest.length > 0) {
    throw new Error('the seed key file is malformed: each line is an id and a key in base64');
  }
  return { id: id as string, bytes };
}

function textOf(keys: readonly Key[]): string {
  return keys.map((key) => `${key.id} ${key.bytes.toString('base64')}\n`).join('');
}

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import {
  createPrivateFile,
  privateFileState,
  readPrivateFile,
  replacePrivateFile,
} from '../store/private-file.ts';

/**
 * The keys with which the registry says of a release that it published these bytes: ECDSA over P-256 with
 * SHA-256, what npm's clients verify. The key file holds `private <PKCS #8 in base64>` in its first line, and in
 * each further one `public <SPKI in base64> <when it ended>`: a key that was replaced stays good for what was
 * published before. The file is looked at at each use, as the seed keys' is: a running server follows a rotation.
 */
export interface SigningKeys {
  /** With the current key. */
  sign(message: string): RegistrySignature;
  /** The current key, then those before it. */
  list(): PublicKey[];
}

export interface RegistrySignature {
  readonly keyid: string;
  /** DER, in base64. */
  readonly sig: string;
}

export interface PublicKey {
  /** `SHA256:` and the digest of the SPKI, as SSH writes fingerprints. */
  readonly id: string;
  /** SPKI in base64. */
  readonly spki: string;
  /** Good for what was published before that moment, ISO 8601; null for the current one. */
  readonly expires: string | null;
}

/** The keys in `file`, which is made with a first key when there is none. */
export function openSigningKeys(file: string): SigningKeys {
  if (readPrivateFile(file) === undefined) createPrivateFile(file, textOf(createKey(), []));
  // It is looked at each time whether it is still the same file, for an operator may rotate the key.
  let known: (Keys & { readonly state: string }) | undefined;
  const keys = () => {
    const state = privateFileState(file);
    if (known === undefined || known.state !== state) known = { ...parseKeys(readPrivateFile(file)), state };
    return known;
  };
  return {
    sign(message) {
      const { current, id } = keys();
      return { keyid: id, sig: sign('sha256', Buffer.from(message), current).toString('base64') };
    },
    list() {
      const { current, earlier } = keys();
      return [publicKeyOf(current), ...earlier];
    },
  };
}

/**
 * Puts a new key in the place of the current one, which stays good for what was published before `ended`. Without
 * `keep` it does not, and neither does any before it.
 */
export function replaceSigningKey(file: string, ended: number, { keep }: { keep: boolean }): void {
  const { current, earlier } = parseKeys(readPrivateFile(file));
  const last = { ...publicKeyOf(current), expires: new Date(ended).toISOString() };
  replacePrivateFile(file, textOf(createKey(), keep ? [last, ...earlier] : []));
}

function createKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function publicKeyOf(key: KeyObject): PublicKey {
  return describePublic(createPublicKey(key), null);
}

function describePublic(key: KeyObject, expires: string | null): PublicKey {
  const spki = key.export({ format: 'der', type: 'spki' });
  const digest = createHash('sha256').update(spki).digest('base64').replace(/=+$/, '');
  return { id: `SHA256:${digest}`, spki: spki.toString('base64'), expires };
}

interface Keys {
  readonly current: KeyObject;
  /** Of the current one. */
  readonly id: string;
  readonly earlier: readonly PublicKey[];
}

function parseKeys(text: string | undefined): Keys {
  const [first, ...rest] = text?.split('\n').filter(Boolean) ?? [];
  if (first === undefined) throw new Error('the signing key file is missing or holds no key');
  try {
    const current = parsePrivate(first);
    return { current, id: publicKeyOf(current).id, earlier: rest.map(parsePublic) };
  } catch (error) {
    throw new Error('the signing key file is malformed', { cause: error });
  }
}

function parsePrivate(line: string): KeyObject {
  const [kind, base64 = '', ...more] = line.split(' ');
  if (kind !== 'private' || more.length > 0) throw new Error('its first line is not a private key');
  const key = createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' });
  return onCurve(key);
}

function parsePublic(line: string): PublicKey {
  const [kind, base64 = '', ended = '', ...more] = line.split(' ');
  if (kind !== 'public' || Number.isNaN(Date.parse(ended)) || more.length > 0)
    throw new Error('a line after the first is not a public key and the time it ended');
  const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
  return describePublic(onCurve(key), ended);
}

function onCurve(key: KeyObject): KeyObject {
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('a key is not on P-256');
  return key;
}

function textOf(current: KeyObject, earlier: readonly PublicKey[]): string {
  const secret = current.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  const lines = earlier.map(({ spki, expires }) => `public ${spki} ${expires}`);
  return [`private ${secret}`, ...lines, ''].join('\n');
}

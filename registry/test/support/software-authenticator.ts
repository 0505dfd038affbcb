import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** What a browser's page would see: a security key in software, which can also be told to lie. */

export interface Lies {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  /** Whether the device checked who holds it. */
  readonly verified?: boolean;
  readonly present?: boolean;
  readonly userHandle?: string | undefined;
  readonly counter?: number;
  readonly format?: string;
  /** As if the key were another one's. */
  readonly id?: string;
}

interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id?: string };
  readonly user: { readonly id: string };
}

interface RequestOptions {
  readonly challenge: string;
  readonly rpId?: string;
}

const flag = { present: 0x01, verified: 0x04, attested: 0x40 };

export class SoftwareAuthenticator {
  readonly id = randomBytes(32).toString('base64url');
  counter = 0;
  /** Whether it counts at all: synced passkeys do not. */
  counts = true;
  userHandle = '';
  readonly #origin: string;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  constructor(origin: string) {
    this.#origin = origin;
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#privateKey = pair.privateKey;
    this.#publicKey = pair.publicKey;
  }

  create(options: CreationOptions, lies: Lies = {}) {
    this.userHandle = options.user.id;
    const id = Buffer.from(lies.id ?? this.id, 'base64url');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, id, this.#coseKey()]);
    const authData = Buffer.concat([
      this.#head(options.rp.id ?? '', flag.attested, { counter: 0, ...lies }),
      attested,
    ]);
    const attestation = [
      Buffer.from([0xa3]),
      cborText('fmt'),
      cborText(lies.format ?? 'none'),
      cborText('attStmt'),
      Buffer.from([0xa0]),
      cborText('authData'),
      cborBytes(authData),
    ];
    return this.#credential(id.toString('base64url'), {
      clientDataJSON: this.#clientData('webauthn.create', options.challenge, lies).toString('base64url'),
      attestationObject: Buffer.concat(attestation).toString('base64url'),
      transports: ['usb', 'something-new'],
    });
  }

  get(options: RequestOptions, lies: Lies = {}) {
    if (this.counts) this.counter += 1;
    const clientData = this.#clientData('webauthn.get', options.challenge, lies);
    const authData = this.#head(options.rpId ?? '', 0, lies);
    const signed = Buffer.concat([authData, createHash('sha256').update(clientData).digest()]);
    const userHandle = 'userHandle' in lies ? lies.userHandle : this.userHandle;
    return this.#credential(lies.id ?? this.id, {
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: authData.toString('base64url'),
      signature: sign('sha256', signed, this.#privateKey).toString('base64url'),
      ...(userHandle !== undefined && { userHandle }),
    });
  }

  #credential<T>(id: string, response: T) {
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response };
  }

  #clientData(type: string, challenge: string, lies: Lies): Buffer {
    const { origin = this.#origin, crossOrigin = false } = lies;
    const data = { type: lies.type ?? type, challenge: lies.challenge ?? challenge, origin, crossOrigin };
    return Buffer.from(JSON.stringify(data));
  }

  /** WebAuthn Level 3 §6.1: the hash of the RP ID, flags, the counter. */
  #head(rpId: string, flags: number, lies: Lies): Buffer {
    const { present = true, verified = true, counter = this.counter } = lies;
    const head = Buffer.alloc(37);
    createHash('sha256')
      .update(lies.rpId ?? rpId)
      .digest()
      .copy(head);
    head.writeUInt8(flags | (present ? flag.present : 0) | (verified ? flag.verified : 0), 32);
    head.writeUInt32BE(counter, 33);
    return head;
  }

  /** RFC 9052 §7: kty EC2, alg ES256, crv P-256, x, y. */
  #coseKey(): Buffer {
    const { x, y } = this.#publicKey.export({ format: 'jwk' });
    const head = Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01]);
    const coordinate = (text = '') => cborBytes(Buffer.from(text, 'base64url'));
    return Buffer.concat([head, Buffer.from([0x21]), coordinate(x), Buffer.from([0x22]), coordinate(y)]);
  }
}

function cborText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 + text.length]), Buffer.from(text)]);
}

function cborBytes(bytes: Buffer): Buffer {
  const { length } = bytes;
  // The shortest form: the library measures a key by writing it again.
  const head = Buffer.from(length < 256 ? [0x58, length] : [0x59, length >> 8, length & 0xff]);
  return Buffer.concat([head, bytes]);
}

import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { Refusal } from '../../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../strict-json.ts';

/**
 * What a browser sends of an authenticator's answer, checked member by member and copied: the library is given
 * nothing but strings of base64url within these bounds.
 */

/** Characters of base64url. */
const longest = {
  /** 1023 bytes: WebAuthn Level 3 §4, "Credential ID". */
  id: 1_364,
  /** Browsers send about 200 bytes; extensions to it are few. */
  clientDataJSON: 4_096,
  /** 37 bytes, and extensions. */
  authenticatorData: 2_048,
  /** RSA with 4096 bits: 512 bytes. */
  signature: 1_024,
  /** 64 bytes: WebAuthn Level 3 §5.4.3. */
  userHandle: 86,
  /** A key, its id, and no attestation to speak of. */
  attestationObject: 8_192,
} as const;

/** WebAuthn Level 3 §5.8.4, and `cable`, which came before `hybrid`. */
const transports = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'] as const;
type Transport = (typeof transports)[number];

export interface Parsed<T> {
  readonly response: T;
  /** That it claims to answer. */
  readonly challenge: string;
}

/** Throws `bad_request`. */
export function parseAuthentication(value: unknown): Parsed<AuthenticationResponseJSON> {
  const { id, answer } = parseCredential(value);
  const userHandle = answer['userHandle'];
  const response = {
    clientDataJSON: text(answer, 'clientDataJSON'),
    authenticatorData: text(answer, 'authenticatorData'),
    signature: text(answer, 'signature'),
    ...(userHandle != null && { userHandle: text(answer, 'userHandle') }),
  };
  return {
    response: { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response },
    challenge: challengeIn(response.clientDataJSON),
  };
}

/** Throws `bad_request`. */
export function parseRegistration(value: unknown): Parsed<RegistrationResponseJSON> {
  const { id, answer } = parseCredential(value);
  const response = {
    clientDataJSON: text(answer, 'clientDataJSON'),
    attestationObject: text(answer, 'attestationObject'),
    transports: knownTransports(answer['transports']),
  };
  return {
    response: { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response },
    challenge: challengeIn(response.clientDataJSON),
  };
}

function parseCredential(value: unknown): { id: string; answer: JsonObject } {
  const credential = value as Json | undefined;
  if (!isJsonObject(credential) || credential['type'] !== 'public-key') throw malformed();
  const id = text(credential, 'id');
  const answer = credential['response'];
  if (credential['rawId'] !== id || !isJsonObject(answer)) throw malformed();
  return { id, answer };
}

function text(object: JsonObject, key: keyof typeof longest): string {
  const value = object[key];
  if (typeof value !== 'string' || value.length > longest[key] || !/^[\w-]+$/.test(value)) throw malformed();
  return value;
}

function challengeIn(clientDataJSON: string): string {
  const { challenge, crossOrigin } = parseClientData(clientDataJSON);
  // No page of another origin shows ours in a frame; the library looks only where a browser names that page.
  if (typeof challenge !== 'string' || !/^[\w-]{43}$/.test(challenge) || crossOrigin === true)
    throw malformed();
  return challenge;
}

function parseClientData(clientDataJSON: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8'));
  } catch (error) {
    throw malformed(error);
  }
  if (!isJsonObject(value)) throw malformed();
  return value;
}

/** Hints for the next prompt, no more: one that is unknown is left out. */
function knownTransports(value: Json | undefined): Transport[] {
  if (!Array.isArray(value)) return [];
  return transports.filter((transport) => value.includes(transport));
}

function malformed(cause?: unknown): Refusal {
  return new Refusal('bad_request', 'the answer of the passkey is malformed', { cause });
}

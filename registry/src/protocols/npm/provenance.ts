import { Refusal } from '../../errors.ts';
import { isJsonObject, type Json, type JsonObject, parseStrictJsonObject } from '../../strict-json.ts';

/**
 * The statement of provenance that npm sends along with `--provenance` and `--provenance-file`: a sigstore bundle
 * around an in-toto statement. Checked here is that it speaks of exactly this archive under this name and version.
 * Who signed it, and whether the transparency log has it, is not: that takes sigstore's roots of trust, and
 * whoever installs verifies it with them (`npm audit signatures`).
 */
export interface Provenance {
  readonly predicateType: string;
  /** As it arrived; JSON text. */
  readonly bundle: string;
}

/** Of which release it has to speak. */
export interface ProvenanceSubject {
  readonly name: string;
  readonly version: string;
  /** Hex. */
  readonly sha512: string;
}

/** Bundles have 10 to 20 KB; the largest part is the log's proof. */
const longestBundle = 256 * 1024;

const statementTypes = ['https://in-toto.io/Statement/v0.1', 'https://in-toto.io/Statement/v1'];

/** Throws `bad_attestation`. */
export function readProvenance(bundle: string, subject: ProvenanceSubject): Provenance {
  if (bundle.length > longestBundle) throw refused(`it is longer than ${longestBundle} characters`);
  const { dsseEnvelope: envelope } = parse(bundle, 'the bundle');
  if (!isJsonObject(envelope)) throw refused('it holds no signed statement');
  const { payloadType, payload, signatures } = envelope;
  if (payloadType !== 'application/vnd.in-toto+json' || typeof payload !== 'string')
    throw refused('what it holds is no in-toto statement');
  if (!Array.isArray(signatures) || signatures.length === 0) throw refused('it is not signed');
  const statement = parse(Buffer.from(payload, 'base64').toString('utf8'), 'the statement');
  if (!statementTypes.includes(String(statement['_type'])))
    throw refused('what it holds is no in-toto statement');
  refuseOtherSubject(statement['subject'], subject);
  return { predicateType: predicateTypeOf(statement), bundle };
}

function parse(text: string, what: string): JsonObject {
  try {
    return parseStrictJsonObject(text);
  } catch (error) {
    throw refused(`${what} is not acceptable JSON`, error);
  }
}

/** A statement about several things could be shown for each of them; npm makes none. */
function refuseOtherSubject(subjects: Json | undefined, { name, version, sha512 }: ProvenanceSubject): void {
  const [subject] = Array.isArray(subjects) && subjects.length === 1 ? subjects : [];
  if (!isJsonObject(subject)) throw refused('it does not speak of exactly one archive');
  if (subject['name'] !== packageUrl(name, version)) throw refused('it speaks of another package or version');
  const digest = subject['digest'];
  if (!isJsonObject(digest) || digest['sha512'] !== sha512) throw refused('it speaks of another archive');
}

/** `pkg:npm/%40acme/tool@1.0.0`: the package URL that npm writes. */
function packageUrl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function predicateTypeOf(statement: JsonObject): string {
  const type = statement['predicateType'];
  if (typeof type === 'string' && /^https:\/\/slsa\.dev\/provenance\/v[0-9.]{1,8}$/.test(type)) return type;
  throw refused('it is no SLSA provenance');
}

function refused(reason: string, cause?: unknown): Refusal {
  return new Refusal('bad_attestation', `the provenance that came with the archive is refused: ${reason}`, {
    cause,
  });
}

import { PubError } from '../../errors.ts';
import { isJsonObject, type JsonObject, parseJsonObject, stringMember } from '../../json.ts';
import type { Archive } from '../ecosystem.ts';

/** What npm attaches to a publish beside the archive. */
export interface Provenance {
  /** The bundle's own media type. */
  readonly mediaType: string;
  /** The bundle as one line of JSON, as npm sends it. */
  readonly text: string;
}

/**
 * Checks that a Sigstore bundle is about exactly this archive, as npm does for `--provenance-file`: one subject, its
 * package URL and its SHA-512. Who signed it, and whether, is checked by the registry and by those who install: that
 * takes the keys of Sigstore, which this program does not carry. Throws `E_REFUSED`.
 */
export function checkedProvenance(text: string, archive: Archive): Provenance {
  const bundle = parseJsonObject(text);
  const mediaType = stringMember(bundle, 'mediaType');
  if (bundle === undefined || mediaType === undefined || !/^[\w.+;=/ -]{1,256}$/.test(mediaType)) {
    throw refused(archive, 'it is not a Sigstore bundle');
  }
  const subject = onlySubject(bundle, archive);
  if (subject['name'] !== packageUrl(archive))
    throw refused(archive, 'it is about another package or version');
  const digest = isJsonObject(subject['digest']) ? stringMember(subject['digest'], 'sha512') : undefined;
  if (digest !== sha512Of(archive)) throw refused(archive, 'it is about other bytes');
  return { mediaType, text: JSON.stringify(bundle) };
}

function onlySubject(bundle: JsonObject, archive: Archive): JsonObject {
  const envelope = bundle['dsseEnvelope'];
  const payload = isJsonObject(envelope) ? stringMember(envelope, 'payload') : undefined;
  const statement = parseJsonObject(Buffer.from(payload ?? '', 'base64').toString('utf8'));
  const subjects = statement?.['subject'];
  const [subject, ...more] = Array.isArray(subjects) ? subjects : [];
  if (!isJsonObject(subject)) throw refused(archive, 'there is no statement about an archive in it');
  if (more.length > 0) throw refused(archive, 'it is about more than one archive');
  return subject;
}

/** `pkg:npm/%40acme/tool@1.0.0`, as npm writes it. */
function packageUrl({ name, version }: Archive): string {
  return `pkg:npm/${name.replace(/^@/, '%40')}@${version}`;
}

function sha512Of({ digests }: Archive): string {
  return Buffer.from(digests.integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
}

function refused({ name, version }: Archive, why: string): PubError {
  return new PubError('E_REFUSED', `the provenance does not fit \`${name}@${version}\``, {
    cause: new Error(why),
    hint: 'pack once, make the provenance for that archive, and publish the archive itself',
  });
}

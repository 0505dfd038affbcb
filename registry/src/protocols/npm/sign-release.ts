import type { Seal } from '../../releases/ecosystem.ts';
import type { JsonObject } from '../../strict-json.ts';

/**
 * Puts the registry's signature into what packuments say of a version. Signed is what npm's clients verify,
 * `<name>@<version>:<integrity>`: that this registry published these bytes as that version.
 */
export const signRelease: Seal = ({ name, version, entry, shortEntry }, keys) => {
  const full = JSON.parse(entry) as Entry;
  const signature = keys.sign(`${name}@${version}:${full.dist.integrity}`);
  const signed = (of: Entry) =>
    JSON.stringify({ ...of, dist: { ...of.dist, signatures: [{ ...signature }] } });
  return {
    entry: signed(full),
    shortEntry: signed(JSON.parse(shortEntry) as Entry),
    signedBy: signature.keyid,
  };
};

type Entry = JsonObject & { readonly dist: JsonObject & { readonly integrity: string } };

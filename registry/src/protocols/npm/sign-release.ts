import type { Seal } from '../../releases/ecosystem.ts';
import type { Entry } from '../../releases/submission.ts';

/**
 * Puts the registry's signature into what packuments say of a version. Signed is what npm's clients verify,
 * `<name>@<version>:<integrity>`: that this registry published these bytes as that version.
 */
export const signRelease: Seal = ({ name, version, entry, shortEntry }, keys) => {
  const { integrity } = distIn(entry);
  const signature = keys.sign(`${name}@${version}:${integrity}`);
  const signed = (of: Entry) => ({ ...of, dist: { ...distIn(of), signatures: [{ ...signature }] } });
  return { entry: signed(entry), shortEntry: signed(shortEntry), signedBy: signature.keyid };
};

function distIn(entry: Entry) {
  return entry['dist'] as Entry & { readonly integrity: string };
}

import type { Soon } from '../at-once.ts';
import type { Services } from '../services.ts';
import type { PackageRecord } from '../store/schema.ts';
import type { Document, RenderedDocument } from './document.ts';
import type { DocumentRequest } from './index-renderer.ts';
import { getPackage } from './packages.ts';
import { prepareDocument, sizeOf } from './prepare-document.ts';

type Reading = Pick<Services, 'database' | 'documents' | 'ecosystems' | 'settings'>;

/**
 * A document of a package as it is now; `undefined` where nothing of it is published. `record` is as the last
 * commit left it: its revision decides whether what is at hand still holds. Whoever asks has decided before that
 * the reader may read the package; nothing here knows who that is.
 */
export function readDocument(
  services: Reading,
  record: PackageRecord,
  form: string,
): Soon<Document | undefined> {
  const { ready, underWay } = services.documents;
  const address = services.settings.publicUrl();
  const key = `${record.id} ${form}`;
  const known = ready.get(key);
  if (known !== undefined && known.revision >= record.revision && known.address === address) return known;
  // Who asks at the same moment waits for the same rendering: it is of this revision, or of a later one.
  const flight = `${key} ${record.revision} ${address}`;
  const begun = underWay.get(flight);
  if (begun !== undefined) return begun;
  const rendering = render(services, { record, form, address })
    .then((rendered) => {
      if (rendered !== undefined && (ready.get(key)?.revision ?? 0) <= rendered.revision)
        ready.set(key, rendered, sizeOf(rendered));
      return rendered;
    })
    .finally(() => underWay.delete(flight));
  underWay.set(flight, rendering);
  return rendering;
}

/** From one moment of the database, so that the revision is that of the releases it is put together from. */
async function render(
  { database, ecosystems }: Reading,
  { record: { id, ecosystem }, form, address }: DocumentRequest,
): Promise<RenderedDocument | undefined> {
  const renderer = ecosystems[ecosystem]?.renderer;
  if (renderer === undefined) throw new Error(`the ecosystem ${ecosystem} is not known`);
  const [revision, text] = await database.snapshot(async (db) => {
    const record = await getPackage(db, id);
    return [record.revision, await renderer.render(db, { record, form, address })] as const;
  });
  if (text === undefined) return undefined;
  return { ...(await prepareDocument(text)), revision, address };
}

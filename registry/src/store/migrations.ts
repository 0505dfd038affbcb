import type { Migration } from 'kysely/migration';
import { createAccounts } from './migrations/0001-accounts.ts';
import { createPackages } from './migrations/0002-packages.ts';
import { createAudit } from './migrations/0003-audit.ts';
import { addPeople } from './migrations/0004-people.ts';
import { addOrganisations } from './migrations/0005-organisations.ts';
import { addStaging } from './migrations/0006-staging.ts';
import { addBoundProofs } from './migrations/0007-bound-proofs.ts';
import { addCargo } from './migrations/0008-cargo.ts';
import { addSignatures } from './migrations/0009-npm.ts';
import { dropDocuments } from './migrations/0010-documents.ts';
import { addSmallBlobs } from './migrations/0011-small-blobs.ts';
import { addIndexSizes } from './migrations/0012-index-sizes.ts';
import { addSummaries } from './migrations/0013-summaries.ts';

/** In order; a name, once released, never changes, and neither does what stands behind it. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-accounts': { up: createAccounts },
  '0002-packages': { up: createPackages },
  '0003-audit': { up: createAudit },
  '0004-people': { up: addPeople },
  '0005-organisations': { up: addOrganisations },
  '0006-staging': { up: addStaging },
  '0007-bound-proofs': { up: addBoundProofs },
  '0008-cargo': { up: addCargo },
  '0009-npm': { up: addSignatures },
  '0010-documents': { up: dropDocuments },
  '0011-small-blobs': { up: addSmallBlobs },
  '0012-index-sizes': { up: addIndexSizes },
  '0013-summaries': { up: addSummaries },
};

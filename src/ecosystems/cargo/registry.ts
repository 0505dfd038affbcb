import type { RegistryTarget } from '../../config/registry-target.ts';
import type { Transport } from '../../http/transport.ts';
import type { PackageOf, PubRegistry } from '../pub-registry.ts';
import type { Registry } from '../registry.ts';
import { ApiClient } from './api-client.ts';
import { unsupported } from './api-refusal.ts';
import { awaitVisible } from './await-visible.ts';
import { requireCrateName } from './crate-name.ts';
import { IndexClient } from './index-client.ts';
import { addOwner, owners, removeOwner } from './owners.ts';
import { isCrateArchive, planFromIndex, uploadCrate } from './publishing.ts';
import { search } from './search.ts';
import { revoke, tokenPage, tryToken } from './sessions.ts';
import { yank } from './yank.ts';

export interface CargoRegistryOptions {
  readonly target: RegistryTarget;
  readonly transport: Transport;
  /** True when there is a person who can be sent to a browser. */
  readonly browser: boolean;
  /** The registry that an index of `pub-registry` is a part of, by its URL. */
  readonly pubRegistry: (url: string) => PubRegistry;
}

/**
 * A registry that speaks cargo's protocol. Where its index lies as `pub-registry` has it, accounts, tokens and
 * publishing are that registry's.
 */
export function createCargoRegistry(options: CargoRegistryOptions): Registry {
  const { target, transport, browser } = options;
  const index = new IndexClient(target, transport);
  const api = new ApiClient(index, transport, browser);
  const pub = index.pubUrl === undefined ? undefined : options.pubRegistry(index.pubUrl);
  /** Learnt by planning. */
  let speaksPub: boolean | undefined;
  return {
    ...accountOf(pub, index),
    displayUrl: index.displayUrl,
    // npm's alone, also where the registry has npm packages: one of the same name is another package.
    packages: packageChanges(index),
    manualLogin: async () => ({ page: await tokenPage(api) }),
    tryToken: (token) => tryToken(api, token),
    revoke: (token) => pub?.revoke(token) ?? revoke(api, token),
    warmUp: () => index.begin(),
    planPublish: async (token, requests) => {
      await index.config(token);
      const plan = await pub?.preflight(token, requests);
      speaksPub = plan !== undefined;
      return plan ?? (await planFromIndex(index, token, requests));
    },
    proveBatch: async (proofs, requests) =>
      speaksPub === true ? await pub?.proveBatch(proofs, requests) : undefined,
    publish: async (proofs, request, onProgress) => {
      if (speaksPub === undefined) throw new Error('a publish without a plan');
      if (speaksPub && pub !== undefined) return await pub.publish(proofs, request, onProgress);
      if (!isCrateArchive(request.archive)) throw new Error('an archive that is no crate');
      return await uploadCrate(api, proofs.token, request.archive, onProgress);
    },
    awaitVisible: (token, archive, onWait) => awaitVisible(index, token, archive, { onWait }),
    yank: (proofs, yanking) => yank(api, proofs, yanking),
    search: (query, token) => search(api, query, token),
    owners: (name, token) => owners(api, name, token),
    addOwner: async (proofs, name, added) =>
      (await pub?.addOwnerOf(proofs, crateOf(name), added)) ?? (await addOwner(api, proofs, name, added)),
    setRequireSecondFactor: async (proofs, name, required) => {
      const attempt = `failed to change what \`${name}\` requires at ${index.displayUrl}`;
      if (pub === undefined) throw unsupported(attempt, 'only a pub-registry asks for a second factor');
      await pub.setRequirementOf(proofs, crateOf(name), required);
    },
    removeOwner: (proofs, name, user) => removeOwner(api, proofs, name, user),
  };
}

function crateOf(name: string): PackageOf {
  requireCrateName(name);
  return { ecosystem: 'cargo', name };
}

type CargoPart =
  | 'displayUrl'
  | 'packages'
  | 'planPublish'
  | 'proveBatch'
  | 'publish'
  | 'owners'
  | 'addOwner'
  | 'removeOwner'
  | 'yank'
  | 'search'
  | 'revoke'
  | 'setRequireSecondFactor';

function packageChanges({ displayUrl }: IndexClient): Registry['packages'] {
  const no = (what: string) => async (): Promise<never> => {
    throw unsupported(
      `failed to ${what} at ${displayUrl}`,
      'of a crate, `pub yank` takes a version out of use',
    );
  };
  return {
    tags: no('list the tags of a crate'),
    setTag: no('give a crate a tag'),
    removeTag: no('remove a tag of a crate'),
    deprecate: no('deprecate a crate'),
    unpublish: no('unpublish a crate'),
    visibility: no('read who may see a crate'),
    setAccess: no('change who may see a crate'),
    packagesOf: no('list the crates of somebody'),
    collaborators: no('list the collaborators of a crate'),
  };
}

/** Everything that is about an account, which only a `pub-registry` has. */
function accountOf(pub: PubRegistry | undefined, { displayUrl }: IndexClient): Omit<Registry, CargoPart> {
  if (pub !== undefined) return { ...pub, staging: pub.stagingOf('cargo') };
  const no = (what: string) => async (): Promise<never> => {
    throw unsupported(`failed to ${what} at ${displayUrl}`, 'its own pages are the place for that');
  };
  return {
    logIn: no('log in with a password'),
    beginBrowserLogin: async () => undefined,
    collect: no('ask what was decided in a browser'),
    whoAmI: no('ask whose token this is'),
    invitations: no('list invitations'),
    answerInvitation: no('answer an invitation'),
    createOrganisation: no('create an organisation'),
    organisation: no('look up an organisation'),
    setMember: no('change the members of an organisation'),
    removeMember: no('change the members of an organisation'),
    requireFactorOfMembers: no('require a second factor of members'),
    tokens: no('list the tokens of the account'),
    createToken: no('make a token'),
    revokeToken: no('revoke a token'),
    secondFactorStatus: no('read the second factor of the account'),
    beginEnrolment: no('enrol a second factor'),
    confirmEnrolment: no('confirm a second factor'),
    disableSecondFactor: no('turn off the second factor'),
    staging: {
      list: no('list staged releases'),
      view: no('read a staged release'),
      download: no('download a staged release'),
      approve: no('approve a staged release'),
      reject: no('reject a staged release'),
    },
    teams: {
      list: no('list teams'),
      create: no('make a team'),
      destroy: no('remove a team'),
      members: no('list the members of a team'),
      add: no('add somebody to a team'),
      remove: no('remove somebody from a team'),
    },
  };
}

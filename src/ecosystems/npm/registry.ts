import type { RegistryTarget } from '../../config/registry-target.ts';
import type { Transport } from '../../http/transport.ts';
import type { PubRegistry } from '../pub-registry.ts';
import { awaitAvailability } from './availability.ts';
import { beginBrowserLogin, collect } from './browser-requests.ts';
import { answerInvitation, invitations } from './invitations.ts';
import {
  createOrganisation,
  organisation,
  removeMember,
  requireFactorOfMembers,
  setMember,
} from './organisations.ts';
import { addOwner, addOwnerOf, owners, removeOwner } from './owners.ts';
import { packageChanges } from './package-changes.ts';
import { plan, preflight } from './plan.ts';
import { proveBatch } from './prove-batch.ts';
import { RegistryClient } from './registry-client.ts';
import { search } from './search.ts';
import {
  beginEnrolment,
  confirmEnrolment,
  disableSecondFactor,
  secondFactorStatus,
  setRequirementOf,
  setRequireSecondFactor,
} from './second-factor.ts';
import { logIn, revoke, whoAmI } from './sessions.ts';
import { createStaging } from './staging.ts';
import { createTeams } from './teams.ts';
import { createToken, revokeToken, tokens } from './tokens.ts';
import { type Dialect, upload } from './upload.ts';
import { yank } from './yank.ts';

export interface NpmRegistryOptions {
  readonly target: RegistryTarget;
  readonly transport: Transport;
  /** Ours, for the manifests we publish. */
  readonly clientVersion: string;
  /** True when there is a person who can be sent to a browser. */
  readonly browser?: boolean;
}

/** A registry that speaks npm's protocol; with `pub-registry`'s additions where it has them. */
export function createNpmRegistry({
  target,
  transport,
  clientVersion,
  browser = false,
}: NpmRegistryOptions): PubRegistry {
  const client = new RegistryClient(target, transport, browser);
  /** Learnt by planning; the same for every package. */
  let dialect: Dialect | undefined;
  return {
    displayUrl: client.displayUrl,
    logIn: (login) => logIn(client, login),
    beginBrowserLogin: () => beginBrowserLogin(client),
    collect: (request) => collect(client, request),
    revoke: (token) => revoke(client, token),
    whoAmI: (token) => whoAmI(client, token),
    planPublish: async (token, requests) => {
      const planned = await plan(client, token, requests);
      dialect = planned.dialect;
      return planned.plan;
    },
    preflight: async (token, requests) => {
      const answer = await preflight(client, token, requests);
      if (answer !== undefined) dialect = 'pub';
      return answer;
    },
    setRequirementOf: (proofs, id, required) => setRequirementOf(client, proofs, id, required),
    addOwnerOf: (proofs, id, added) => addOwnerOf(client, proofs, id, added),
    proveBatch: async (proofs, requests) =>
      dialect === 'pub' ? await proveBatch(client, proofs, requests) : undefined,
    publish: async (proofs, request, onProgress) => {
      dialect ??= (await plan(client, proofs.token, [request])).dialect;
      return await upload(client, proofs, request, { dialect, clientVersion, onProgress });
    },
    yank: () => yank(client),
    search: (query, token) => search(client, query, token),
    // `pub-registry` publishes in the transaction it answers: there is nothing to wait for.
    awaitAvailability: async (token, archive, onValidating) =>
      dialect === 'pub' ? 'published' : await awaitAvailability(client, token, archive, onValidating),
    packages: packageChanges(client),
    staging: createStaging(client),
    stagingOf: (ecosystem) => createStaging(client, ecosystem),
    teams: createTeams(client),
    owners: (packageName, token) => owners(client, packageName, token),
    addOwner: (proofs, packageName, added) => addOwner(client, proofs, packageName, added),
    removeOwner: (proofs, packageName, user) => removeOwner(client, proofs, packageName, user),
    setRequireSecondFactor: (proofs, packageName, required) =>
      setRequireSecondFactor(client, proofs, packageName, required),
    invitations: (token) => invitations(client, token),
    answerInvitation: (proofs, id, answer) => answerInvitation(client, proofs, id, answer),
    createOrganisation: (proofs, name) => createOrganisation(client, proofs, name),
    organisation: (token, name) => organisation(client, token, name),
    setMember: (proofs, name, member) => setMember(client, proofs, name, member),
    removeMember: (proofs, name, user) => removeMember(client, proofs, name, user),
    requireFactorOfMembers: (proofs, name, required) =>
      requireFactorOfMembers(client, proofs, name, required),
    tokens: (token) => tokens(client, token),
    createToken: (proofs, password, settings) => createToken(client, proofs, password, settings),
    revokeToken: (proofs, key) => revokeToken(client, proofs, key),
    secondFactorStatus: (token) => secondFactorStatus(client, token),
    beginEnrolment: (proofs, password, mode) => beginEnrolment(client, proofs, password, mode),
    confirmEnrolment: (proofs, code) => confirmEnrolment(client, proofs, code),
    disableSecondFactor: (proofs, password) => disableSecondFactor(client, proofs, password),
  };
}

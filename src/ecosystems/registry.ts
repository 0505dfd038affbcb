import type { PubError } from '../errors.ts';
import type { BrowserRequest } from '../second-factor/challenge.ts';
import type { Secret } from '../secret.ts';
import type { Archive } from './ecosystem.ts';
import type { PackageChanges } from './package-changes.ts';
import type { Proofs } from './proofs.ts';
import type { Staging } from './staging.ts';
import type { Teams } from './teams.ts';
import type { ListedToken, TokenSettings } from './tokens.ts';

export interface Login {
  readonly username: string;
  readonly password: Secret;
  /** Creates the account, with this address, instead of logging in to one. */
  readonly email?: string | undefined;
  readonly oneTimePassword?: Secret | undefined;
}

export interface PublishRequest {
  readonly archive: Archive;
  /** `undefined` in an ecosystem whose registries know no tags. */
  readonly tag: string | undefined;
  readonly access: 'public' | 'restricted' | undefined;
  /** Handed in to wait for an approval, instead of made public. */
  readonly stage: boolean;
  /** A Sigstore bundle, as JSON, that says how the archive was built. Refused when it speaks of another one. */
  readonly provenance?: string | undefined;
}

/** What would become of one release. */
export type ReleasePlan =
  | { readonly decision: 'accept' }
  /** Exactly this archive is already public under this version: there is nothing to send. */
  | { readonly decision: 'published' }
  | { readonly decision: 'refuse'; readonly refusal: PubError };

/** What the registry said when told what is about to be sent. */
export interface PublishPlan {
  /** The account the token belongs to, where the registry tells. */
  readonly account: string | undefined;
  /**
   * True: ask for the code now. False: none is needed. `likely`: the account has it so, and the token may be an
   * exception. `unknown`: the registry cannot be asked beforehand.
   */
  readonly secondFactor: boolean | 'likely' | 'unknown';
  /** One for each request, in their order. */
  readonly releases: readonly ReleasePlan[];
  /** Where the person can approve exactly these in a browser. */
  readonly browser?: BrowserRequest | undefined;
  /** False when the account's factors give no codes to type. */
  readonly codes?: boolean | undefined;
}

/** What became of an archive that was sent. */
export interface PublishOutcome {
  readonly state: 'published' | 'staged';
  /** What a staged release is approved by. */
  readonly stageId?: string | undefined;
  /** Where a person looks at a staged release and decides. */
  readonly pageUrl?: string | undefined;
  /** What the registry has to say about it, in its own words. */
  readonly warnings?: readonly string[] | undefined;
}

/** `validating`: the time to wait is over, or nobody wanted to wait. */
export type Availability = 'published' | 'validating' | 'blocked';

/** As many releases as one {@link Registry.planPublish} or {@link Registry.proveBatch} takes (docs/protocol.md, "Preflight"). */
export const mostReleasesInBatch = 100;

/** A page of what a search found. */
export interface SearchQuery {
  readonly words: readonly string[];
  /** At most 100. */
  readonly limit: number;
}

export interface SearchResult {
  readonly total: number | undefined;
  readonly packages: readonly {
    readonly name: string;
    /** The latest one. */
    readonly version: string | undefined;
    readonly description: string | undefined;
  }[];
}

/** A version to be yanked, or put back. */
export interface Yanking {
  readonly name: string;
  readonly version: string;
  readonly undo: boolean;
}

/** A maintainer publishes; an owner does everything. */
export type PackageRole = 'owner' | 'maintainer';

export interface Owner {
  readonly name: string;
  readonly email: string | undefined;
  /** Where the registry tells. */
  readonly role?: PackageRole | undefined;
  /** The organisation the role comes from. */
  readonly organisation?: string | undefined;
}

/** What waits for an answer of the account. */
export interface Invitation {
  readonly id: number;
  /** Names are per ecosystem. */
  readonly ecosystem: string;
  readonly packageName: string;
  readonly role: PackageRole;
  readonly invitedBy: string;
  readonly expires: string;
}

export type MemberRole = 'owner' | 'member';

export interface Organisation {
  readonly name: string;
  readonly secondFactorRequired: boolean;
  readonly scopes: readonly string[];
  readonly members: readonly {
    readonly name: string;
    readonly role: MemberRole;
    /** Told to owners only. */
    readonly secondFactor: boolean | undefined;
  }[];
}

export type SecondFactorMode = 'auth-only' | 'auth-and-writes';

export interface SecondFactorStatus {
  readonly mode: SecondFactorMode | 'disabled';
  /** An enrolment was begun and not confirmed. */
  readonly pending: boolean;
}

/**
 * One registry, spoken to in its own protocol. Every method throws `SecondFactorRequired` when the registry
 * asks for a code, and `PubError` for any other refusal: `E_NOT_LOGGED_IN` for a token it does not accept,
 * `E_FORBIDDEN`, `E_NOT_FOUND`, `E_VERSION_EXISTS`, `E_REGISTRY`.
 */
export interface Registry {
  /** Without credentials or a trailing slash, for messages. */
  readonly displayUrl: string;

  logIn(login: Login): Promise<Secret>;
  /** Begins a login in a browser; `undefined` where the registry has no pages for it. */
  beginBrowserLogin(): Promise<BrowserRequest | undefined>;
  /** Waits for the person in the browser, and gives the token or the proof. Throws `E_SECOND_FACTOR` for a no. */
  collect(request: BrowserRequest): Promise<Secret>;
  /** Makes the token useless at the registry. False when the registry cannot do that. */
  revoke(token: Secret): Promise<boolean>;
  whoAmI(token: Secret): Promise<string>;
  /** For a registry whose only login is a token made on its pages: where, if it says so. `undefined` for others. */
  manualLogin?(): Promise<{ readonly page: string | undefined } | undefined>;
  /**
   * For a registry that does not tell whose token it is. True when it took it, false where it cannot be asked; throws
   * `E_NOT_LOGGED_IN` when it did not.
   */
  tryToken?(token: Secret): Promise<boolean>;

  /** Begins what planning needs and takes a while: called before the packing, and not waited for. */
  warmUp?(): void;
  /**
   * Declares what will be sent, before it is sent. Throws when nothing can be said about any of it; what would be
   * refused is said in the plan.
   */
  planPublish(token: Secret, requests: readonly PublishRequest[]): Promise<PublishPlan>;
  /**
   * Makes one proof for all of these out of a code: it goes with each upload, where a code works once. `undefined`
   * where the registry has no such proof; then the code itself is worth a try.
   */
  proveBatch(proofs: Proofs, requests: readonly PublishRequest[]): Promise<Secret | undefined>;
  publish(
    proofs: Proofs,
    request: PublishRequest,
    onProgress: (sent: number) => void,
  ): Promise<PublishOutcome>;

  /**
   * Waits until what was published can be installed, where that takes a while. False when it gave up waiting.
   * `onWait` is told when there is something to wait for.
   */
  awaitVisible?(token: Secret, archive: Archive, onWait: () => void): Promise<boolean>;
  /** No new project gets the version any more, or does again. `E_UNSUPPORTED` where the ecosystem has no such thing. */
  yank(proofs: Proofs, yanking: Yanking): Promise<void>;
  search(query: SearchQuery, token: Secret | undefined): Promise<SearchResult>;
  /**
   * Whether a published version can be installed. Some registries look at it first: waits for that, within limits, and
   * tells `onValidating` that it does. `undefined` where the registry does not say.
   */
  awaitAvailability?(
    token: Secret,
    archive: Archive,
    onValidating: (() => void) | undefined,
  ): Promise<Availability | undefined>;

  readonly packages: PackageChanges;
  readonly staging: Staging;
  readonly teams: Teams;

  owners(packageName: string, token: Secret | undefined): Promise<readonly Owner[]>;
  /** A role other than owner, or an invitation, is for a registry that knows them. Says which of the two it was. */
  addOwner(
    proofs: Proofs,
    packageName: string,
    added: { readonly user: string; readonly role: PackageRole },
  ): Promise<'added' | 'invited'>;
  removeOwner(proofs: Proofs, packageName: string, user: string): Promise<void>;
  setRequireSecondFactor(proofs: Proofs, packageName: string, required: boolean): Promise<void>;
  invitations(token: Secret): Promise<readonly Invitation[]>;
  answerInvitation(proofs: Proofs, id: number, answer: 'accept' | 'decline'): Promise<void>;

  createOrganisation(proofs: Proofs, name: string): Promise<void>;
  organisation(token: Secret, name: string): Promise<Organisation>;
  setMember(
    proofs: Proofs,
    organisation: string,
    member: { readonly user: string; readonly role: MemberRole },
  ): Promise<void>;
  removeMember(proofs: Proofs, organisation: string, user: string): Promise<void>;
  requireFactorOfMembers(proofs: Proofs, organisation: string, required: boolean): Promise<void>;

  /** The account's tokens that work. */
  tokens(token: Secret): Promise<readonly ListedToken[]>;
  /** Makes a token with exactly these limits. Throws where the registry knows no such limits. */
  createToken(
    proofs: Proofs,
    password: Secret,
    settings: TokenSettings,
  ): Promise<{ readonly token: Secret; readonly listed: ListedToken }>;
  revokeToken(proofs: Proofs, key: string): Promise<void>;

  secondFactorStatus(token: Secret): Promise<SecondFactorStatus>;
  /** Gives the `otpauth://` URI to enrol, or `undefined` when the account is enrolled and only its mode changed. */
  beginEnrolment(proofs: Proofs, password: Secret, mode: SecondFactorMode): Promise<Secret | undefined>;
  /** Gives the recovery codes, which the registry shows this once. */
  confirmEnrolment(proofs: Proofs, code: Secret): Promise<readonly Secret[]>;
  disableSecondFactor(proofs: Proofs, password: Secret): Promise<void>;
}

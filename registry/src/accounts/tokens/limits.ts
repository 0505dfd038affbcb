import { Refusal } from '../../errors.ts';
import type { TokenRow } from '../../store/schema.ts';
import type { Act } from '../act.ts';
import type { Actor } from '../actor.ts';
import { actsIn } from '../batch.ts';
import { isInside } from './networks.ts';
import { isBoundTo, ownersAction } from './one-act.ts';
import { isTokenScope, type TokenLimits, type TokenScope } from './scopes.ts';

/** The limits in a token's row. Throws where they cannot be read, so that nothing is taken for unlimited. */
export function limitsIn(row: Pick<TokenRow, 'scopes' | 'packages' | 'cidr'>): TokenLimits | undefined {
  if (row.scopes === null && row.packages === null && row.cidr === null) return undefined;
  return {
    scopes: (listIn(row.scopes) ?? []).filter(isTokenScope),
    packages: listIn(row.packages),
    networks: listIn(row.cidr),
  };
}

function listIn(text: string | null): string[] | undefined {
  if (text === null) return undefined;
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list) || !list.every((entry) => typeof entry === 'string'))
    throw new Error('the limits of a token cannot be read');
  return list;
}

/** `token_limited`: the account might do this, its token may not. */
export class TokenLimited extends Refusal {
  readonly actor: Actor;

  constructor(actor: Actor, message: string) {
    super('token_limited', message);
    this.actor = actor;
  }
}

/** Throws `TokenLimited` where the token may not be used from this address. */
export function refuseOtherNetwork(actor: Actor, address: string): void {
  const networks = actor.credential.limits?.networks;
  if (networks === undefined || isInside(address, networks)) return;
  throw new TokenLimited(actor, 'this token may not be used from your network');
}

/**
 * Throws `TokenLimited` unless the actor's token may do one of `scopes`, to `name` where the act is about one
 * package: npm's by its name, all others as `packageLabel` has it. No scopes: what only an account may do, and no limited token.
 */
export function refuseBeyondLimits(
  actor: Actor,
  scopes: readonly TokenScope[],
  name: string | undefined,
): void {
  const { limits } = actor.credential;
  if (limits === undefined) return;
  if (scopes.length === 0)
    throw new TokenLimited(actor, 'this token may not be used for that: log in to do it');
  if (!scopes.some((scope) => limits.scopes.includes(scope)))
    throw new TokenLimited(
      actor,
      `this token may not be used for that: it takes the scope ${scopes.join(' or ')}`,
    );
  if (name !== undefined && !isNamed(limits.packages, name))
    throw new TokenLimited(actor, `this token is not for the package ${name}`);
}

/** The same for an act that is about to be done. */
export function refuseActBeyondLimits(actor: Actor, act: Act): void {
  for (const { action, subject } of actsIn(act))
    refuseBeyondLimits(actor, scopesFor(action), packageIn(subject));
  const { once } = actor.credential;
  if (once !== undefined && !isBoundTo(once, act)) throw forOneAct(actor);
}

/** Throws `TokenLimited` for a token that is good for one act, which is none of a route that does not say so. */
export function refuseForOneAct(actor: Actor): void {
  if (actor.credential.once !== undefined) throw forOneAct(actor);
}

function forOneAct(actor: Actor): TokenLimited {
  return new TokenLimited(actor, 'this token was made for one act, and this is another');
}

/** The scopes that allow an act, each of them. None for what concerns the account, and for what nobody thought of. */
function scopesFor(action: string): readonly TokenScope[] {
  if (action === 'publish' || /^stage:(approve|reject)$/.test(action)) return ['publish'];
  if (action === 'stage') return ['stage', 'publish'];
  if (/^(?:deprecate|yank|unyank|tag:set|tag:remove)$/.test(action)) return ['yank'];
  if (/^(owner|policy):/.test(action) || action === ownersAction) return ['owners'];
  return [];
}

/** `@acme/tool` of `npm:@acme/tool@1.0.0`, `cargo:tool` of `cargo:tool@1.0.0`: as limits name it. */
function packageIn(subject: string): string {
  const name = subject.replace(/^npm:/, '');
  const version = name.indexOf('@', 1);
  return version === -1 ? name : name.slice(0, version);
}

function isNamed(packages: readonly string[] | undefined, name: string): boolean {
  if (packages === undefined) return true;
  return packages.some((entry) =>
    entry.endsWith('/*') ? name.startsWith(entry.slice(0, -1)) : entry === name,
  );
}

import type { OneAct, TokenLimits } from './tokens/scopes.ts';

/** Who a request is from: an account, through one of its tokens or a browser session. */
export interface Actor {
  readonly accountId: number;
  readonly name: string;
  readonly credential: Credential;
}

export interface Credential {
  readonly kind: 'token' | 'session';
  /** In its own table. */
  readonly id: number;
  /** Of a token that may do less than its account. A login and a session have none. */
  readonly limits?: TokenLimits | undefined;
  /** Of a token that is good for one act, once. */
  readonly once?: OneAct | undefined;
}

/** An actor asking for one act, with the one-time password that came along, if any. */
export interface Requester {
  readonly actor: Actor;
  /** As it was sent; checked before use. */
  readonly code: string | undefined;
  /** When the request arrived, in milliseconds: a slow upload does not make its code late. */
  readonly receivedAt: number;
  /** The program that asks: for the mails about it. */
  readonly program: Program;
  /** The same, where it can send its user to a browser. */
  readonly browser: Program | undefined;
}

/** A program, in its own words and from its own address: for a person who is asked to approve what it does. */
export interface Program {
  readonly agent: string;
  readonly address: string;
}

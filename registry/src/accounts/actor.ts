/** Who a request is from: an account, through one of its tokens. */
export interface Actor {
  readonly accountId: number;
  readonly name: string;
  readonly tokenId: number;
}

/** An actor asking for one act, with the one-time password that came along, if any. */
export interface Requester {
  readonly actor: Actor;
  /** As it was sent; checked before use. */
  readonly code: string | undefined;
  /** When the request arrived, in milliseconds: a slow upload does not make its code late. */
  readonly receivedAt: number;
}

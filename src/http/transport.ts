import type { Secret } from '../secret.ts';

/** A body whose length is known before it is read, and that can be read again if the request is repeated. */
export interface StreamedBody {
  readonly length: number;
  open(): AsyncIterable<Uint8Array>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  /** Lower-case names. Never holds a credential: those travel in the next five members. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A bearer token. Sent to `url`'s origin only, and never along a redirect to another. */
  readonly token?: Secret | undefined;
  /** A token sent without a scheme, as cargo does. Never beside `token`, and guarded like one. */
  readonly bareToken?: Secret | undefined;
  /** `name:password`, for RFC 7617's Basic scheme. Never beside a token, and guarded like one. */
  readonly basicCredential?: Secret | undefined;
  /** Sent as `npm-otp` (facts: every npm-speaking registry reads this name). */
  readonly oneTimePassword?: Secret | undefined;
  /** A string is sent as it is, a Secret is a body that holds one (a login). */
  readonly body?: string | Secret | StreamedBody;
  /**
   * Takes the body of a success as it comes, undecoded, where it is an archive and not a text; `text` is empty then.
   * Called again, for a body that begins anew, when a GET is repeated.
   */
  readonly receive?: ((bytes: AsyncIterable<Uint8Array>) => Promise<void>) | undefined;
  /** Told the number of body bytes handed to the connection so far. */
  readonly onProgress?: ((sent: number) => void) | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; repeated headers joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most the transport's limit; a longer answer is a failure. */
  readonly text: string;
}

/**
 * Sends a request and gives the answer, whatever its status. Throws `E_NETWORK` when there is no answer
 * (no connection, a time-out, a truncated or oversized body) and `E_INTERRUPTED` on Ctrl-C. Never puts a
 * secret into an error. A redirect is followed for GET only, a few times, and with credentials only within
 * the same origin.
 */
export interface Transport {
  send(request: HttpRequest): Promise<HttpResponse>;
}

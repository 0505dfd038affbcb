/** How connections are made. Nothing here is read from the process: the wiring passes it in. */
export interface TransportSettings {
  readonly userAgent: string;
  /** PEM; trusted instead of the built-in certificates. */
  readonly caCertificates?: string | readonly string[] | undefined;
  /** False accepts any certificate (npm's `strict-ssl=false`). */
  readonly strictTls: boolean;
  /** Proxy URLs for http and for https, and the hosts they are not for, in the form of `no_proxy`. */
  readonly proxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  readonly noProxy?: string | undefined;
  /** Milliseconds. */
  readonly connectTimeout?: number | undefined;
  /** Milliseconds without progress while sending, or until the answer's headers once all is sent. */
  readonly headersTimeout?: number | undefined;
  /** Milliseconds between two pieces of the answer's body. */
  readonly bodyTimeout?: number | undefined;
  /** Bytes of an answer's body, as sent and once decompressed. */
  readonly maximumAnswer?: number | undefined;
  /** Aborted on Ctrl-C. */
  readonly signal?: AbortSignal | undefined;
}

/** Long enough for a slow office proxy. */
export const defaultConnectTimeout = 15_000;
/** A registry checks an archive before it answers: a large one takes a while. */
export const defaultHeadersTimeout = 120_000;
export const defaultBodyTimeout = 30_000;
/** What `pub-registry` takes back of a packument at most; the largest at the npm registry are about 20 MB. */
export const defaultMaximumAnswer = 64 * 1024 * 1024;

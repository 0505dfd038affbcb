import type { OutgoingHttpHeaders } from 'node:http';

/** A whole answer that everybody gets, as `open-answers.ts` keeps it. */
export interface OpenAnswer {
  readonly version: number;
  /** The registry's own, which documents name. */
  readonly address: string;
  readonly etag: string;
  /** Of the answer to whoever has it already. */
  readonly unmodified: OutgoingHttpHeaders;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

import type { ByteCache } from '../store/byte-cache.ts';

/** An index document as it is sent: prepared once, for everybody who may read the package. */
export interface Document {
  readonly body: Buffer;
  /** Missing where it would save nothing worth having. */
  readonly gzip: Buffer | undefined;
  /** Of the body. What is sent compressed is another representation, with an ETag of its own. */
  readonly etag: string;
}

/** A document, and the state of the package that it shows. */
export interface RenderedDocument extends Document {
  readonly revision: number;
  readonly address: string;
}

/** Those that a process has, and those that it is making. */
export interface Documents {
  readonly ready: ByteCache<RenderedDocument>;
  readonly underWay: Map<string, Promise<RenderedDocument | undefined>>;
}

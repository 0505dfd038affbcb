import { Refusal } from '../../errors.ts';
import { createTokenizer, type Json, JsonBuilder, JsonError, type JsonToken } from '../../strict-json.ts';

export interface TextLimits {
  /** Characters of what is kept, white space included. */
  readonly kept: number;
  /** Characters of all values together that are read with `passing`. */
  readonly passing: number;
}

/**
 * The tokens of a JSON text that arrives as bytes, one after the other on request. What is read with `longText`
 * may have any length; all the rest is limited.
 */
export class JsonTokens {
  readonly #body: AsyncIterator<Uint8Array>;
  readonly #limits: TextLimits;
  readonly #tokenize = createTokenizer();
  /** One for the whole text, so that its limit on the number of values holds for all of them together. */
  readonly #builder = new JsonBuilder();
  // UTF-8 is the only encoding (RFC 8259 §8.1); a byte order mark stays in and is refused as not being JSON.
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #batch: readonly JsonToken[] = [];
  #at = 0;
  /** Characters that arrived, less those handed out by `longText`. */
  #textLength = 0;
  #passed = 0;
  /** Neither an escape nor a character of several bytes is waiting for its end. */
  #endedPlain = false;

  constructor(body: AsyncIterable<Uint8Array>, limits: TextLimits) {
    this.#body = body[Symbol.asyncIterator]();
    this.#limits = limits;
  }

  /** The next token if it has arrived already. */
  take(): JsonToken | undefined {
    return this.#batch[this.#at++];
  }

  async next(): Promise<JsonToken> {
    for (;;) {
      const token = this.take();
      if (token) return token;
      if (!(await this.#more())) throw endsEarly();
    }
  }

  /** A key or string whose start has been taken, up to the token named `end`. */
  async text(end: 'endKey' | 'endString'): Promise<string> {
    let text = '';
    for (;;) {
      const token = this.take() ?? (await this.next());
      if (token.name === end) return text;
      text += token.value;
    }
  }

  /** One whole value, of which nothing has been taken. */
  async value(): Promise<Json> {
    return await this.#build(this.#builder);
  }

  /** One whole value that its reader lets go of: neither its length nor its values count with those that are kept. */
  async passing(): Promise<Json> {
    const value = await this.#build(new JsonBuilder());
    this.#passed += this.#textLength;
    this.#textLength = 0;
    if (this.#passed > this.#limits.passing) throw tooLarge(this.#limits.passing);
    return value;
  }

  async #build(builder: JsonBuilder): Promise<Json> {
    while (!builder.add(this.take() ?? (await this.next())));
    return builder.take();
  }

  /**
   * A string whose start has been taken, as UTF-8, in pieces of the size in which the body arrives. Bytes that can
   * only be more of the string are given out as they are: an archive of 32 MB would become 170,000 tokens.
   */
  async *longText(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const token = this.take();
      if (token?.name === 'endString') return;
      if (token === undefined) {
        const plain = await this.#moreOfString();
        if (plain !== undefined) yield plain;
      } else {
        const piece = this.#rest(String(token.value));
        this.#textLength -= piece.length;
        yield Buffer.from(piece);
      }
    }
  }

  /** What arrives next inside a string: the bytes, if they are nothing but more of it, or tokens. */
  async #moreOfString(): Promise<Uint8Array | undefined> {
    const bytes = await this.#pull();
    if (bytes === undefined) throw endsEarly();
    if (this.#endedPlain && isPlain(bytes)) return bytes;
    this.#feed(bytes);
    return undefined;
  }

  /** The pieces of a string that have arrived, after the first of them. */
  #rest(first: string): string {
    let text = first;
    for (; this.#batch[this.#at]?.name === 'stringChunk'; this.#at++) text += this.#batch[this.#at]?.value;
    return text;
  }

  /** Reads the rest of the body, where nothing but white space may be. */
  async expectEnd(): Promise<void> {
    do {
      if (this.take()) throw new JsonError('something follows the document');
    } while (await this.#more());
  }

  /** False when the body has ended. All tokens of the batch before must have been taken. */
  async #more(): Promise<boolean> {
    const bytes = await this.#pull();
    this.#feed(bytes);
    return bytes !== undefined;
  }

  /** `undefined` when the body has ended. */
  async #pull(): Promise<Uint8Array | undefined> {
    if (this.#textLength > this.#limits.kept) throw tooLarge(this.#limits.kept);
    const { done, value } = await this.#body.next();
    return done ? undefined : value;
  }

  /** Makes the tokens of what arrived, or of what is left when nothing more will. */
  #feed(bytes: Uint8Array | undefined): void {
    const text = this.#decode(bytes);
    this.#textLength += text.length;
    this.#batch = text === '' ? [] : this.#tokenize(text);
    this.#at = 0;
    this.#endedPlain = bytes !== undefined && endsPlain(bytes);
  }

  #decode(bytes: Uint8Array | undefined): string {
    try {
      return this.#decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (error) {
      throw new JsonError('it is not UTF-8', { cause: error });
    }
  }
}

/** The longest escape, `\\u0041`, has six characters. */
const longestEscape = 6;
const [quote, backslash] = [0x22, 0x5c];

function endsPlain(bytes: Uint8Array): boolean {
  const end = bytes.subarray(-longestEscape);
  return end.byteLength === longestEscape && end.every((byte) => byte < 0x80 && byte !== backslash);
}

/** Holds neither the end of a string nor an escape. */
function isPlain(bytes: Uint8Array): boolean {
  return !bytes.includes(quote) && !bytes.includes(backslash);
}

function tooLarge(limit: number): Refusal {
  const text = `the request body is longer than ${limit} characters without the archive`;
  return new Refusal('too_large', text);
}

function endsEarly(): JsonError {
  return new JsonError('it ends too early');
}

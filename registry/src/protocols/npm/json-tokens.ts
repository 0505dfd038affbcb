import { Refusal } from '../../errors.ts';
import { createTokenizer, type Json, JsonBuilder, JsonError, type JsonToken } from '../../strict-json.ts';

/**
 * The tokens of a JSON text that arrives as bytes, one after the other on request. What is read with `longText`
 * may have any length; all the rest together, white space included, is limited.
 */
export class JsonTokens {
  readonly #body: AsyncIterator<Uint8Array>;
  readonly #maximumText: number;
  readonly #tokenize = createTokenizer();
  /** One for the whole text, so that its limit on the number of values holds for all of them together. */
  readonly #builder = new JsonBuilder();
  // UTF-8 is the only encoding (RFC 8259 §8.1); a byte order mark stays in and is refused as not being JSON.
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #batch: readonly JsonToken[] = [];
  #at = 0;
  /** Characters that arrived, less those handed out by `longText`. */
  #textLength = 0;

  constructor(body: AsyncIterable<Uint8Array>, maximumText: number) {
    this.#body = body[Symbol.asyncIterator]();
    this.#maximumText = maximumText;
  }

  /** The next token if it has arrived already. */
  take(): JsonToken | undefined {
    return this.#batch[this.#at++];
  }

  async next(): Promise<JsonToken> {
    for (;;) {
      const token = this.take();
      if (token) return token;
      if (!(await this.#more())) throw new JsonError('it ends too early');
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
    while (!this.#builder.add(this.take() ?? (await this.next())));
    return this.#builder.take();
  }

  /** A string whose start has been taken, in pieces of the size in which the body arrives. */
  async *longText(): AsyncGenerator<string> {
    for (;;) {
      let piece = '';
      let token = await this.next();
      for (; token.name === 'stringChunk'; token = this.take() ?? pause) piece += token.value;
      this.#textLength -= piece.length;
      if (piece !== '') yield piece;
      if (token.name === 'endString') return;
    }
  }

  /** Reads the rest of the body, where nothing but white space may be. */
  async expectEnd(): Promise<void> {
    do {
      if (this.take()) throw new JsonError('something follows the document');
    } while (await this.#more());
  }

  /** False when the body has ended. All tokens of the batch before must have been taken. */
  async #more(): Promise<boolean> {
    if (this.#textLength > this.#maximumText) {
      throw new Refusal(
        'too_large',
        `the request body is longer than ${this.#maximumText} characters without the archive`,
      );
    }
    const { done, value } = await this.#body.next();
    const text = this.#decode(done ? undefined : value);
    this.#textLength += text.length;
    this.#batch = text === '' ? [] : this.#tokenize(text);
    this.#at = 0;
    return !done;
  }

  #decode(bytes: Uint8Array | undefined): string {
    try {
      return this.#decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (error) {
      throw new JsonError('it is not UTF-8', { cause: error });
    }
  }
}

/** Stands for "more may come". */
const pause: JsonToken = { name: 'pause' };

/** A mail, taken apart far enough to be looked at (RFC 5322, RFC 2045). */
export interface ParsedMail {
  readonly headers: Readonly<Record<string, string>>;
  /** Names of all headers as they stand there, to see whether one was smuggled in. */
  readonly headerNames: readonly string[];
  readonly text: string;
  readonly html: string;
  readonly raw: string;
}

export function readMail(raw: string): ParsedMail {
  const { head, body } = split(raw);
  const headers = headersOf(head);
  const boundary = /boundary="([^"]+)"/.exec(headers['content-type'] ?? '')?.[1];
  const parts = boundary === undefined ? [raw] : body.split(`--${boundary}`).slice(1, -1);
  const contents = parts.map((part) => contentOf(part.replace(/^\r?\n/, '')));
  const of = (type: string) => contents.find((content) => content.type.startsWith(type))?.text ?? '';
  return { headers, headerNames: Object.keys(headers), text: of('text/plain'), html: of('text/html'), raw };
}

function split(text: string): { head: string; body: string } {
  const at = /\r?\n\r?\n/.exec(text);
  if (at === null) return { head: text, body: '' };
  return { head: text.slice(0, at.index), body: text.slice(at.index + at[0].length) };
}

function headersOf(head: string): Record<string, string> {
  const lines = head.replaceAll(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = line, value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
      return [name.toLowerCase(), decodeWords(value)];
    }),
  );
}

function decodeWords(value: string): string {
  return value.replaceAll(/=\?utf-8\?(b|q)\?([^?]*)\?=\s*/gi, (_, kind: string, text: string) =>
    kind.toLowerCase() === 'b'
      ? Buffer.from(text, 'base64').toString('utf8')
      : quotedPrintable(text.replaceAll('_', ' ')),
  );
}

function contentOf(part: string): { type: string; text: string } {
  const { head, body } = split(part);
  const headers = headersOf(head);
  const encoding = headers['content-transfer-encoding'];
  const text =
    encoding === 'base64'
      ? Buffer.from(body, 'base64').toString('utf8')
      : encoding === 'quoted-printable'
        ? quotedPrintable(body)
        : body;
  return { type: headers['content-type'] ?? '', text: text.replaceAll('\r\n', '\n').trimEnd() };
}

function quotedPrintable(text: string): string {
  const bytes = text
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

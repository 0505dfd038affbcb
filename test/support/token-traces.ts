import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The files below a folder that hold a secret: as it is, in UTF-16, in hexadecimal, or in base64 at any offset. */
export async function filesHolding(folder: string, secret: string): Promise<string[]> {
  const forms = formsOf(secret);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const holding = await Promise.all(
    files.map(async (file) => {
      const content = await readFile(file);
      return forms.some((form) => content.includes(form));
    }),
  );
  return files.filter((_, index) => holding[index]);
}

function formsOf(secret: string): Buffer[] {
  const bytes = Buffer.from(secret);
  const hexadecimal = bytes.toString('hex');
  const texts = [
    secret,
    hexadecimal,
    hexadecimal.toUpperCase(),
    ...[0, 1, 2].flatMap((at) => inBase64(bytes, at)),
  ];
  return [...texts.map((text) => Buffer.from(text)), Buffer.from(secret, 'utf16le')];
}

/** What is the same wherever it stands in a longer text: the whole groups of three bytes. */
function inBase64(bytes: Buffer, offset: number): string[] {
  const whole = bytes.subarray(offset, bytes.length - ((bytes.length - offset) % 3));
  return [whole.toString('base64'), whole.toString('base64url')];
}

import type { ArchivedFile, Concern } from '../ecosystems/ecosystem.ts';

/** How many bytes of a file are looked at for the header of a key. */
export const startLength = 4096;

/** 10 MB: past this a package is usually carrying something by accident. */
const notableSize = 10 * 1000 * 1000;

export interface Inspected {
  readonly files: readonly ArchivedFile[];
  /** The first {@link startLength} bytes of each file that {@link mustLookInside}, as latin-1. */
  readonly starts: ReadonlyMap<string, string>;
  readonly size: number;
  readonly unpackedSize: number;
}

const template = /\.(example|sample|template|dist|defaults?)$/i;
const privateKeyHeader = /-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----/;
/** npm's credential keys with a value that is not a reference to a variable. */
const npmrcToken = /^[^#;\n]*:?_(authToken|auth|password)\s*=\s*(?!["']?\$\{)\S/m;

/** True for a file whose name alone does not say whether it holds a secret. */
export function mustLookInside(path: string): boolean {
  return /\.(pem|key|ppk|asc)$/i.test(path) || /(^|\/)\.npmrc$/i.test(path);
}

/** Why these files probably should not be published, most serious first. */
export function concernsAbout(inspected: Inspected): readonly Concern[] {
  const { files, size, unpackedSize } = inspected;
  const dangerous = files.flatMap(({ path }) => {
    const reason = dangerOf(path, inspected.starts.get(path));
    return reason === undefined ? [] : [{ level: 'dangerous' as const, message: `\`${path}\` ${reason}` }];
  });
  return [...dangerous, ...sizeConcerns(size, unpackedSize)];
}

function dangerOf(path: string, start: string | undefined): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  if (/^\.env(\..+|rc)?$/.test(name) && !template.test(name)) return 'usually holds secrets';
  if (/^id_(rsa|dsa|ecdsa|ed25519)(_sk)?$/.test(name)) return 'is the name of a private key';
  if (['.netrc', '_netrc', '.pypirc', '.git-credentials', '.htpasswd'].includes(name))
    return 'holds passwords';
  if (/(^|\/)(\.cargo\/)?credentials(\.toml)$/i.test(path)) return 'holds registry tokens';
  if (/(^|\/)\.aws\/credentials$/i.test(path)) return 'holds access keys';
  if (/\.(p12|pfx|jks|keystore)$/.test(name)) return 'is a store of private keys';
  if (start === undefined) return undefined;
  if (name === '.npmrc') return npmrcToken.test(start) ? 'holds a registry token' : undefined;
  if (privateKeyHeader.test(start) || /^PuTTY-User-Key-File-/.test(start)) return 'is a private key';
  return undefined;
}

function sizeConcerns(size: number, unpackedSize: number): readonly Concern[] {
  if (size > notableSize) return [notable(`the archive is ${megabytes(size)} large`)];
  if (unpackedSize > notableSize)
    return [notable(`the package is ${megabytes(unpackedSize)} large unpacked`)];
  return [];
}

function notable(message: string): Concern {
  return { level: 'notable', message };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

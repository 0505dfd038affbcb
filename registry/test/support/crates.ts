import { file, gzip, tar } from './archives.ts';
import type { Answer, Client } from './client.ts';

/** Crates, built as cargo builds them, and what cargo sends for them. */

export interface Crate {
  readonly name?: string;
  readonly version?: string;
  /** Behind `[package]`, its name and version. */
  readonly manifest?: string;
  readonly files?: Readonly<Record<string, string>>;
}

export interface CargoPublish {
  /** Sent instead of the archive of the crate. */
  readonly archive?: Uint8Array;
  /** Members of the JSON before the crate. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export const crateManifest = ({ name = 'tool', version = '1.0.0', manifest = '' }: Crate = {}) =>
  `[package]\nname = "${name}"\nversion = "${version}"\n${manifest}`;

export function crateArchive(crate: Crate = {}): Buffer {
  const { name = 'tool', version = '1.0.0', files = {} } = crate;
  const all = { 'Cargo.toml': crateManifest(crate), 'src/lib.rs': 'pub fn tool() {}\n', ...files };
  return gzip(
    tar(...Object.entries(all).map(([path, content]) => file(`${name}-${version}/${path}`, content))),
  );
}

/** A body with both of its lengths. */
export function publishBody(metadata: string | Uint8Array, archive: Uint8Array): Buffer {
  const json = Buffer.from(metadata as string);
  return Buffer.concat([u32(json.byteLength), json, u32(archive.byteLength), archive]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export const newCrate = '/cargo/api/v1/crates/new';

/** As cargo 1.95 does it: no content type, and the token without a scheme. */
export async function cargoPublish(
  client: Client,
  crate: Crate = {},
  options: CargoPublish = {},
): Promise<Answer> {
  const { name = 'tool', version = '1.0.0' } = crate;
  const metadata = JSON.stringify({ name, vers: version, ...options.metadata });
  const body = publishBody(metadata, options.archive ?? crateArchive(crate));
  return await client.put(newCrate, body, { headers: { authorization: client.token, ...options.headers } });
}

/** Each line of an index file, read. */
// biome-ignore lint/suspicious/noExplicitAny: lines are looked at, not trusted
export async function indexLines(client: Client, path: string): Promise<any[]> {
  const answer = await client.get(`/cargo/index/${path}`, { headers: { authorization: client.token } });
  if (answer.status !== 200) return [];
  return answer.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The texts of a refusal in cargo's envelope. */
export function details(answer: Answer): string {
  return (answer.body?.errors ?? []).map((error: { detail: string }) => error.detail).join(', ');
}

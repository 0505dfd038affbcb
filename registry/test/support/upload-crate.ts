import type { Answer, Client } from './client.ts';
import { type Crate, crateArchive } from './crates.ts';
import { contentDigest } from './publishing.ts';

/** pub's upload of a crate. */
export async function upload(client: Client, crate: Crate = {}, query = '', otp?: string): Promise<Answer> {
  const { name = 'tool', version = '1.0.0' } = crate;
  const archive = crateArchive(crate);
  return await client.put(`/-/pub/v1/releases/cargo/${name}/${version}${query}`, archive, {
    otp,
    headers: { 'content-type': 'application/octet-stream', 'content-digest': contentDigest(archive) },
  });
}

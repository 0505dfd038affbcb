import { createHash } from 'node:crypto';

interface Publication {
  readonly name: string;
  readonly version: string;
  readonly manifest: object;
  readonly token: string;
  readonly archive: Buffer;
}

/** npm's publish without npm: for many packages at a time. The code of a refusal, or `undefined`. */
export async function publishArchive(
  registryUrl: string,
  { name, version, manifest, token, archive }: Publication,
): Promise<string | undefined> {
  const dist = {
    integrity: `sha512-${createHash('sha512').update(archive).digest('base64')}`,
    tarball: `${registryUrl}/${name}/-/${name}-${version}.tgz`,
  };
  const data = archive.toString('base64');
  const answer = await fetch(`${registryUrl}/${name.replace('/', '%2f')}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      name,
      'dist-tags': { latest: version },
      versions: { [version]: { ...manifest, dist } },
      _attachments: {
        [`${name}-${version}.tgz`]: {
          content_type: 'application/octet-stream',
          data,
          length: archive.byteLength,
        },
      },
    }),
  });
  const body = (await answer.json()) as { readonly code?: string };
  return answer.ok ? undefined : (body.code ?? String(answer.status));
}

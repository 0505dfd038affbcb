import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Between a client and a real registry: somebody who changes packuments on their way. */
export interface TamperingRegistry extends AsyncDisposable {
  readonly url: string;
  /** What is done to each packument from now on. */
  tamper(change: (packument: Packument) => void): void;
}

export interface Packument {
  readonly versions: Record<string, { dist: { integrity: string; signatures: { sig: string }[] } }>;
}

/** Passes everything else on as it is. */
export async function startTamperingRegistry(real: string): Promise<TamperingRegistry> {
  let tamper: (packument: Packument) => void = () => {};
  const server = createServer(async (request, response) => {
    const { accept = '*/*' } = request.headers;
    const answer = await fetch(`${real}${request.url}`, { headers: { accept } });
    const text = await answer.text();
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(text.includes('"versions":') ? changed(text, tamper) : text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tamper: (change) => {
      tamper = change;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function changed(text: string, tamper: (packument: Packument) => void): string {
  const packument = JSON.parse(text) as Packument;
  tamper(packument);
  return JSON.stringify(packument);
}

import { foreignText } from './foreign-text.ts';
import type { Transport } from './transport.ts';

/**
 * Writes a line for each request, when `PUB_DEBUG` asks for it: method, URL without its query, status and
 * milliseconds. No header and no body, so there is no secret to leave out.
 */
export function withTrace(transport: Transport, write: (line: string) => void): Transport {
  return {
    async send(request) {
      const start = performance.now();
      const line = (outcome: string): string => {
        const url = foreignText(`${request.url.origin}${withoutToken(request.url.pathname)}`);
        return `${request.method} ${url} -> ${outcome} (${Math.round(performance.now() - start)} ms)`;
      };
      try {
        const response = await transport.send(request);
        write(line(String(response.status)));
        return response;
      } catch (error) {
        write(line('failed'));
        throw error;
      }
    },
  };
}

/** npm's protocol ends a token by naming it in the path; registries that know no other way are asked so. */
function withoutToken(path: string): string {
  return path.replace(/(\/-\/user\/token\/).+$/, '$1[secret]');
}

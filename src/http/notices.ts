import { foreignText } from './foreign-text.ts';
import type { Transport } from './transport.ts';

/**
 * Tells what a registry says besides in the header `npm-notice` of a success, as npm does: that an owner is invited and
 * not one yet, say. The same text once. With a refusal it says what the refusal says.
 */
export function withNotices(transport: Transport, tell: (line: string) => void): Transport {
  const told = new Set<string>();
  return {
    async send(request) {
      const response = await transport.send(request);
      const notice = foreignText(response.headers['npm-notice'] ?? '');
      if (response.status < 300 && notice !== '' && !told.has(notice)) {
        told.add(notice);
        tell(`The registry says: ${notice}`);
      }
      return response;
    },
  };
}

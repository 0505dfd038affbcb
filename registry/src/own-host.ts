import { isLoopback } from './loopback.ts';

/**
 * Whether a Host header names this registry. A page in a browser can make a name of its own lead to this machine
 * (DNS rebinding) and would then be of the same origin as the registry.
 */
export function createHostCheck(publicUrl: () => string): (host: string) => boolean {
  // Clients send the same host again and again. Only one that was let in is remembered, and only for that address.
  let known = { host: '', address: '' };
  return (host) => {
    const address = publicUrl();
    if (host !== '' && host === known.host && address === known.address) return true;
    if (!isOwnHost(host, address)) return false;
    known = { host, address };
    return true;
  };
}

function isOwnHost(host: string, address: string): boolean {
  const name = URL.parse(`http://${host}`)?.hostname ?? '';
  return isLoopback(name.replace(/^\[|\]$/g, '')) || host === URL.parse(address)?.host;
}

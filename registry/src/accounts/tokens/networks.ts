import { BlockList, isIP, isIPv4 } from 'node:net';
import { Refusal } from '../../errors.ts';

/** A network as it is written, such as `192.0.2.0/24` or `2001:db8::/32`; a bare address is a network of one. */
export function parseNetwork(text: string): string {
  const { address, bits } = split(text);
  const family = address.includes('%') ? 0 : isIP(address);
  const longest = family === 4 ? 32 : 128;
  const acceptable =
    family !== 0 && (bits === undefined || (/^(0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= longest));
  if (!acceptable)
    throw new Refusal(
      'bad_request',
      'a network is an IPv4 or IPv6 address with a prefix length, such as 192.0.2.0/24',
    );
  return `${address}/${bits ?? longest}`;
}

/**
 * Whether an address is in one of the networks. What cannot be read is in none, and an IPv4 address is in no
 * network of IPv6: Node would find it in `::/0`.
 */
export function isInside(address: string, networks: readonly string[]): boolean {
  const asked = plainAddress(address);
  if (isIP(asked) === 0) return false;
  const list = new BlockList();
  const family = isIPv4(asked) ? 'ipv4' : 'ipv6';
  for (const network of networks) {
    const { address: base, bits } = split(network);
    if (isIPv4(base) === isIPv4(asked)) list.addSubnet(base, Number(bits), family);
  }
  return list.check(asked, family);
}

/** A server that listens on IPv6 sees IPv4 clients as `::ffff:192.0.2.1` (RFC 4291 §2.5.5.2). */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ?? address;
}

/**
 * Whom an address is counted as, where requests of one sender are limited. Whoever has one address of IPv6 has all of its
 * /64 (RFC 6177 §2): they count as one.
 */
export function senderOf(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  const canonical = new URL(`http://[${plain.replace(/%.*$/, '')}]/`).hostname.slice(1, -1);
  const [head = [], tail] = canonical.split('::').map((part) => part.split(':').filter(Boolean));
  const gap = tail === undefined ? [] : Array<string>(8 - head.length - tail.length).fill('0');
  return `${[...head, ...gap, ...(tail ?? [])].slice(0, 4).join(':')}::/64`;
}

function split(network: string): { address: string; bits: string | undefined } {
  const [address = '', bits, ...more] = network.split('/');
  return more.length > 0 ? { address: '', bits } : { address, bits };
}

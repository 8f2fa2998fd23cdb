import { isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

import {
  addressSet,
  canonicalIPv6,
  hasIPv6Form,
  IPV4_WILDCARD,
  IPV6_WILDCARD,
  isWildcard,
  probeHosts,
} from '../listener/listen-address.js';

/**
 * Where to ask who holds what a bind to `host` collides with, in the order in which the answers count.
 *
 * @param host `localhost`, or an IP address of this machine; for a wildcard, loopback is asked
 */
export function hostsToAsk(host: string): readonly string[] {
  return host === 'localhost' ? addressSet(host).map((address) => address.host) : probeHosts(host);
}

/**
 * The listeners, among those on one port, that the kernel hands a connection to `host` to: those on the address itself,
 * or else those on a wildcard. More than one share an address with SO_REUSEPORT (socket(7)). A bind to a wildcard
 * collides with a listener on any address; those on loopback come first then.
 *
 * @param listeners with addresses as {@link canonicalAddress} spells them
 */
export function listenersServing<T extends { readonly address: string }>(
  listeners: readonly T[],
  host: string,
): readonly T[] {
  for (const hostToAsk of hostsToAsk(host)) {
    const asked = canonicalAddress(hostToAsk);
    // The operating systems do not tell whether a listener on :: takes IPv4 as well.
    const wildcards = isIPv4(asked) ? [IPV4_WILDCARD, IPV6_WILDCARD] : [IPV6_WILDCARD];
    for (const address of [asked, ...wildcards]) {
      const serving = listeners.filter((listener) => listener.address === address);
      if (serving.length > 0) return serving;
    }
  }
  return isWildcard(host) ? listeners : [];
}

/** The canonical spelling of an address, without a zone. A v4-mapped one (RFC 4291, 2.5.5.2) becomes IPv4. */
export function canonicalAddress(address: string): string {
  return hasIPv6Form(address) && isIPv6(address) ? canonicalIPv6(address.replace(/%.*$/, '')) : address;
}

/** Whether an interface of this machine has this address. The loopback of IPv4 has 2^24 of them: its interface lists one. */
export function isOnInterface(host: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.some(({ address }) => canonicalAddress(address) === canonicalAddress(host));
}

import { isIPv4, isIPv6 } from 'node:net';

import { addressSet, canonicalIPv6, hasIPv6Form, probeHosts } from '../listener/listen-address.js';

const IPV4_WILDCARD = '0.0.0.0';
const IPV6_WILDCARD = '::';

/**
 * Where to ask who holds what a bind to `host` collides with, in the order in which the answers count.
 *
 * @param host `localhost`, or an IP address of this machine; a wildcard is asked for on loopback
 */
export function hostsToAsk(host: string): readonly string[] {
  return host === 'localhost' ? addressSet(host).map((address) => address.host) : probeHosts(host);
}

export function isWildcard(host: string): boolean {
  return host === IPV4_WILDCARD || host === IPV6_WILDCARD;
}

/**
 * Of the listeners on one port, those that the kernel gives a connection to `host` to: on the address itself before on
 * a wildcard. More than one share the same address (SO_REUSEPORT, socket(7)). For a wildcard host, which a listener on
 * any address stands in the way of, those on loopback come before all others.
 *
 * @param listeners with addresses as {@link canonicalAddress} spells them
 */
export function listenersServing<T extends { readonly address: string }>(
  listeners: readonly T[],
  host: string,
): readonly T[] {
  for (const hostToAsk of hostsToAsk(host)) {
    const asked = canonicalAddress(hostToAsk);
    // Whether a listener on :: takes IPv4 as well, the operating systems do not say.
    const wildcards = isIPv4(asked) ? [IPV4_WILDCARD, IPV6_WILDCARD] : [IPV6_WILDCARD];
    for (const address of [asked, ...wildcards]) {
      const serving = listeners.filter((listener) => listener.address === address);
      if (serving.length > 0) return serving;
    }
  }
  return isWildcard(host) ? listeners : [];
}

/** One spelling for each address: without a zone, and a v4-mapped one (RFC 4291, 2.5.5.2) as the IPv4 address it is. */
export function canonicalAddress(address: string): string {
  return hasIPv6Form(address) && isIPv6(address) ? canonicalIPv6(address.replace(/%.*$/, '')) : address;
}

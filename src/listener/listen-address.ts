import { isIPv4, isIPv6 } from 'node:net';

import { InputError } from '../common/input.error.js';
import type { HostPort } from './endpoint.js';

/** The address that every gateway holds, whatever else it serves, so that any two on one port collide. */
export const ANCHOR_HOST = '127.0.0.1';
/** The loopback pair: 127.0.0.1 and ::1. */
export const DEFAULT_HOST = 'localhost';
export const DEFAULT_PORT = 18_789;
/** Port numbers have 16 bits (RFC 9293, 3.1). */
export const MAX_PORT = 65_535;

export const IPV4_WILDCARD = '0.0.0.0';
export const IPV6_WILDCARD = '::';
const IPV6_LOOPBACK = '::1';

/** One address of the set that a gateway binds. */
export interface ListenAddress {
  readonly host: string;
  /** IPV6_V6ONLY (ipv6(7)); without it `::` takes the IPv4 port too. */
  readonly ipv6Only: boolean;
  /** Whether a machine that has no such address goes without it. */
  readonly optional: boolean;
}

/** The addresses of one lock, in the order in which they are bound. */
export type AddressSet = readonly [ListenAddress, ...ListenAddress[]];

/**
 * The canonical spelling of a host that a gateway can listen on: an IP address, or `localhost` for the loopback pair.
 * Other names are refused: what they resolve to can change, and a lock must not move.
 *
 * @throws {InputError} one line that names the value and the rule
 */
export function parseListenHost(text: string): string {
  if (text === 'localhost') return text;
  if (isIPv4(text)) return text;
  if (isIPv6(text)) return canonicalIPv6(text);
  throw new InputError(
    `${JSON.stringify(text)} is not a host to listen on: give an IP address such as 127.0.0.1, ::1 or 0.0.0.0, or "localhost" for 127.0.0.1 and ::1 together`,
  );
}

/** The eight groups of an IPv6 address without a zone (RFC 4291, 2.2), whose dotted form is not understood. */
export function ipv6Groups(address: string): number[] {
  const gap = address.indexOf('::');
  if (gap === -1) return groupsIn(address);
  const [before, after] = [groupsIn(address.slice(0, gap)), groupsIn(address.slice(gap))];
  const zeros = new Array<number>(Math.max(8 - before.length - after.length, 0)).fill(0);
  return [...before, ...zeros, ...after];
}

function groupsIn(text: string): number[] {
  const groups = text.split(':').filter(Boolean);
  return groups.map((group) => parseInt(group, 16));
}

/** The canonical spelling of an IPv6 address, with its zone. A v4-mapped one becomes the IPv4 address it stands for. */
export function canonicalIPv6(text: string): string {
  const [address = '', zone] = text.split('%');
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  // ::ffff:a.b.c.d is the IPv4 address a.b.c.d to the kernel (RFC 4291, 2.5.5.2), and must collide as such.
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (mapped?.[1] && mapped[2]) {
    const value = parseInt(mapped[1], 16) * 0x10000 + parseInt(mapped[2], 16);
    return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
  }
  return zone === undefined ? canonical : `${canonical}%${zone}`;
}

/**
 * The addresses that make up the lock for a host, in the order in which they are bound: the anchor first, so that one
 * bind decides between any two gateways and no order of partial wins can leave a port without a holder.
 *
 * On Linux a wildcard bind collides with every specific one and so is itself the anchor; a second bind would be
 * refused by our own first. On macOS and Windows it does not collide, and the anchor is bound beside it.
 *
 * @param host `localhost` or an IP address, as {@link parseListenHost} returns it
 */
export function addressSet(
  host: string,
  { ipv6Only = false, platform = process.platform }: { ipv6Only?: boolean; platform?: NodeJS.Platform } = {},
): AddressSet {
  const anchor: ListenAddress = { host: ANCHOR_HOST, ipv6Only: false, optional: false };
  if (host === ANCHOR_HOST) return [anchor];
  if (host === 'localhost') return [anchor, { host: IPV6_LOOPBACK, ipv6Only: true, optional: true }];

  const requested: ListenAddress = {
    host,
    ipv6Only: hasIPv6Form(host) && (ipv6Only || host !== IPV6_WILDCARD),
    optional: false,
  };
  const takesAnchor = host === IPV4_WILDCARD || (host === IPV6_WILDCARD && !ipv6Only);
  const linux = platform === 'linux' || platform === 'android';
  return linux && takesAnchor ? [requested] : [anchor, requested];
}

/** Whether a bind to `host` takes every address of this machine. */
export function isWildcard(host: string): boolean {
  return host === IPV4_WILDCARD || host === IPV6_WILDCARD;
}

/** Where to connect to find out whether something listens on what a bind to `host` collides with. */
export function probeHosts(host: string): readonly string[] {
  if (host === IPV4_WILDCARD) return [ANCHOR_HOST];
  if (host === IPV6_WILDCARD) return [ANCHOR_HOST, IPV6_LOOPBACK];
  return [host];
}

/** The host and port in a URL that {@link gatewayUrl} made. `URL` cannot read it, since it rejects zones. */
export function addressOfUrl(url: string): HostPort {
  const [, host = '', port] = /^ws:\/\/\[?(.*?)\]?:(\d+)$/.exec(url) ?? [];
  return { host: host.replace('%25', '%'), port: Number(port) };
}

/** `ws://host:port`, with an IPv6 host in brackets (RFC 3986, 3.2.2) and its zone escaped (RFC 6874). */
export function gatewayUrl(host: string, port: number): string {
  return hasIPv6Form(host) ? `ws://[${host.replace('%', '%25')}]:${port}` : `ws://${host}:${port}`;
}

/** Whether a host that is an IP address or `localhost` is IPv6. `isIPv6`, which judges any text, takes milliseconds of a start. */
export function hasIPv6Form(host: string): boolean {
  return host.includes(':');
}

/** Whether a host that {@link parseListenHost} has returned can be reached from this machine alone (RFC 1122, 3.2.1.3). */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === IPV6_LOOPBACK || (isIPv4(host) && host.startsWith('127.'));
}

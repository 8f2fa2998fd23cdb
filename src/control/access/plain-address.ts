/** An address without its zone. A dual-stack socket shows an IPv4 address within IPv6 (RFC 4291, 2.5.5.2): it becomes IPv4. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/%.*$/, '');
}

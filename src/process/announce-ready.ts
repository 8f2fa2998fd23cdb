import type { GatewayLockService } from '../lock/gateway-lock.service.js';

/** Says on stdout where the gateway listens, now that clients are served. Scripts may match on its first line. */
export function announceReady({ url, addresses }: GatewayLockService, json: boolean): void {
  const urls = addresses.map((address) => address.url);
  const lines = json
    ? [JSON.stringify({ ok: true, url, addresses: urls, pid: process.pid })]
    : [
        `gateway listening on ${url}`,
        `addresses: ${urls.join(', ')}`,
        `to stop it: press Ctrl-C, or run: kill ${process.pid}`,
      ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

import type { GatewayLockService } from '../lock/gateway-lock.service.js';

/**
 * Says on stdout where the gateway listens, now that clients are served. Scripts may match on its first line.
 *
 * @param isManaged whether a service manager runs it: there is no Ctrl-C, and to kill it is no way to stop it
 */
export function announceReady(
  { url, addresses }: GatewayLockService,
  { json, isManaged }: { readonly json: boolean; readonly isManaged: boolean },
): void {
  const urls = addresses.map((address) => address.url);
  const lines = json
    ? [JSON.stringify({ ok: true, url, addresses: urls, pid: process.pid })]
    : [
        `gateway listening on ${url}`,
        `addresses: ${urls.join(', ')}`,
        ...(isManaged ? [] : [`to stop it: press Ctrl-C, or run: kill ${process.pid}`]),
      ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

import { isatty } from 'node:tty';

import type { GatewayLockService } from '../lock/gateway-lock.service.js';

const STDIN = 0;

/**
 * Says on stdout where the gateway listens, now that clients are served. Scripts may match on its first line.
 *
 * @param isManaged whether a service manager runs it, which would start again what is killed
 */
export function announceReady(
  { url, addresses }: GatewayLockService,
  { json, isManaged }: { readonly json: boolean; readonly isManaged: boolean },
): void {
  const urls = addresses.map((address) => address.url);
  // In a container, or with nohup, Ctrl-C would reach something else. `process.stdin` would load streams of files first.
  const byKeyboard = isatty(STDIN) ? 'press Ctrl-C, or run: ' : '';
  const lines = json
    ? [JSON.stringify({ ok: true, url, addresses: urls, pid: process.pid })]
    : [
        `gateway listening on ${url}`,
        `addresses: ${urls.join(', ')}`,
        ...(isManaged ? [] : [`to stop it: ${byKeyboard}kill ${process.pid}`]),
      ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

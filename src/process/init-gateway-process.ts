import { GATEWAY_SERVICE } from '../holder/card.js';

/** Gives this process the title of a gateway, and keeps it alive when the reader of its output goes away. */
export function initGatewayProcess(): void {
  // What finds the owner of a port tells a gateway from other Node processes by its title.
  process.title = GATEWAY_SERVICE;
  for (const stream of [process.stdout, process.stderr])
    stream.removeAllListeners('error').on('error', () => undefined);
}

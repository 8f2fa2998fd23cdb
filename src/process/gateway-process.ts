import { GATEWAY_SERVICE } from '../holder/card.js';

/** Makes this process known as a gateway, and one that outlives the pipe that it was started from. */
export function initGatewayProcess(): void {
  // How the operating system's view of a port tells a gateway from other Node processes.
  process.title = GATEWAY_SERVICE;
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

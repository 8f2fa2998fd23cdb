import { GATEWAY_SERVICE } from '../holder/card.js';

/** Gives this process the title by which a gateway that does not answer is told from other Node processes. */
export function takeGatewayTitle(): void {
  process.title = GATEWAY_SERVICE;
}

/** Keeps this process alive when the reader of its output goes away. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.removeAllListeners('error').on('error', () => undefined);
}

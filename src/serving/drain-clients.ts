import { CloseCode } from './close-code.js';
import type { WsClient } from './ws-client.js';
import type { ShutdownNotice } from './ws-session.js';

/** What a close frame says (RFC 6455, 5.5.1). */
interface CloseFrame {
  readonly code: number;
  readonly reason: string;
}

export const GOING_AWAY: CloseFrame = { code: CloseCode.GOING_AWAY, reason: 'gateway stopped' };
const SERVICE_RESTART: CloseFrame = { code: CloseCode.SERVICE_RESTART, reason: 'service restart' };

/** The close frame of a client that this shutdown ends. */
export function closeFrameOf({ restartExpectedMs }: ShutdownNotice): CloseFrame {
  return restartExpectedMs === null ? GOING_AWAY : SERVICE_RESTART;
}

/**
 * Tells every client that the gateway stops, lets running handlers answer, closes, and cuts off the clients that have
 * not closed when the grace is over. A client that reads within the grace sees a close frame and never an abnormal end.
 */
export async function drainClients(
  clients: readonly WsClient[],
  notice: ShutdownNotice,
  graceMs: number,
): Promise<void> {
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number): Promise<void> => new Promise((resolve) => timers.push(setTimeout(resolve, ms)));
  // Half for the handlers, so that one that never ends leaves its client time to read the close frame.
  const answered = after(graceMs / 2);
  const over = after(graceMs);
  await Promise.all(clients.map((client) => dismiss(client, notice, answered, over)));
  for (const timer of timers) clearTimeout(timer);
}

async function dismiss(
  client: WsClient,
  notice: ShutdownNotice,
  answered: Promise<void>,
  over: Promise<void>,
): Promise<void> {
  const { socket } = client;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  client.session.farewell(notice);
  await Promise.race([client.idle(), answered, closed]);
  const { code, reason } = closeFrameOf(notice);
  client.close(code, reason);
  await Promise.race([closed, over]);
  if (socket.readyState !== socket.CLOSED) socket.terminate();
  await closed;
}

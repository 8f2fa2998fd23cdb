import type { WsClient } from './ws-client.js';

/** How many periods in a row a client may be silent before it is taken for dead. */
const SILENT_PERIODS = 2;

/**
 * Ends each client that has not sent a byte for two periods, and pings those that are silent. A client that gets no ticks
 * is pinged in every period: proxies close a connection on which nothing is sent. One timer serves all of them.
 */
export class WsHeartbeat {
  #timer: NodeJS.Timeout | undefined;
  #last = 0;

  /** @param periodMs between two pings, in milliseconds */
  constructor(
    private readonly clients: () => Iterable<WsClient>,
    private readonly onDead: (client: WsClient) => void,
    private readonly periodMs: number,
    private readonly now: () => number = Date.now,
  ) {}

  start(): void {
    if (this.#timer) return;
    this.#last = this.now();
    this.#timer = setInterval(() => this.beat(), this.periodMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  beat(): void {
    const now = this.now();
    // The machine slept, or was busy for so long: the silence was our own.
    const overslept = now - this.#last > 1.5 * this.periodMs;
    this.#last = now;
    for (const client of this.clients()) {
      const { bytesRead } = client.connection;
      const silent = bytesRead === client.bytesSeen && !overslept;
      client.bytesSeen = bytesRead;
      client.silentPeriods = silent ? client.silentPeriods + 1 : 0;
      if (client.silentPeriods >= SILENT_PERIODS) this.onDead(client);
      else if (client.isOpen && (silent || !client.session.getsTicks)) client.socket.ping();
    }
  }
}

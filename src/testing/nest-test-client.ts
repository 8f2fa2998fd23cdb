import { TestConnection, type CloseFrame, type TestClientOptions } from './test-connection.js';

/**
 * A client for tests of `@WebSocketGateway()` classes with `protocol: 'nest'`, the default: it speaks the
 * `{"event", "data"}` of Nest's own adapter for `ws`. It keeps what it gets until the test takes it.
 *
 * @example
 * ```ts
 * const client = await NestTestClient.connect(app.get(GatewayLockService).url);
 * client.send('add', { text: 'milk' });
 * expect(await client.event('added')).toEqual({ id: 1, text: 'milk' });
 * await client.close();
 * ```
 */
export class NestTestClient {
  private constructor(private readonly connection: TestConnection<unknown>) {}

  /**
   * @param url that of the lock, and the path of the gateway class, if it has one
   * @throws {GatewayCallError} the gateway does not let the client in
   */
  static async connect(url: string, options: TestClientOptions = {}): Promise<NestTestClient> {
    return new NestTestClient(await TestConnection.open(url, parse, options));
  }

  /** Resolves when the connection is closed. Never rejects. */
  get closed(): Promise<CloseFrame> {
    return this.connection.closed;
  }

  /** Sends a message to the handlers of `@SubscribeMessage(event)`. */
  send(event: string, data?: unknown): void {
    this.connection.send({ event, data });
  }

  /**
   * The data of the next message with this event, which may have come already: `exception` for what a handler threw.
   *
   * @throws {Error} none came in time
   */
  async event(name: string): Promise<unknown> {
    const message = await this.connection.take((one) => eventOf(one) === name, `the event ${name}`);
    return (message as { readonly data?: unknown }).data;
  }

  /**
   * The next message, whatever it is: a handler may answer without an event.
   *
   * @throws {Error} none came in time
   */
  next(): Promise<unknown> {
    return this.connection.take(() => true, 'a message');
  }

  /** Closes the connection. */
  close(): Promise<CloseFrame> {
    return this.connection.close();
  }
}

function eventOf(message: unknown): unknown {
  return (message as { readonly event?: unknown } | null)?.event;
}

/** Text that is not JSON as it is: an app may send any. */
function parse(data: Buffer): unknown {
  const text = data.toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

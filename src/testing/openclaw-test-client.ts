import {
  connectParams,
  parseAnswer,
  refusedEntry,
  refusedRequest,
  type GatewayAnswer,
} from '../control/client/gateway-answer.js';
import { TestConnection, type CloseFrame, type TestClientOptions } from './test-connection.js';

/** How a client of `protocol: 'openclaw'` connects. */
export interface OpenclawTestClientOptions extends TestClientOptions {
  /**
   * What the client shows the gateway.
   * @default none
   */
  readonly token?: string;
}

/**
 * A client for tests of an app with `protocol: 'openclaw'`. It keeps the events that it gets until the test takes them.
 *
 * @example
 * ```ts
 * const client = await OpenclawTestClient.connect(app.get(GatewayLockService).url, { token });
 * await client.call('notes.add', { text: 'milk' });
 * expect(await client.event('notes.added')).toEqual({ id: 1, text: 'milk' });
 * await client.close();
 * ```
 */
export class OpenclawTestClient {
  #next = 0;

  private constructor(private readonly connection: TestConnection<GatewayAnswer>) {}

  /**
   * Connects, and makes the handshake.
   *
   * @param url that of the lock
   * @throws {GatewayCallError} the gateway does not let the client in: `code` says why, and `answer` what it said
   */
  static async connect(
    url: string,
    { token, ...options }: OpenclawTestClientOptions = {},
  ): Promise<OpenclawTestClient> {
    const client = new OpenclawTestClient(await TestConnection.open(url, parseAnswer, options));
    await client.event('connect.challenge');
    const { ok, error } = await client.#ask('connect', connectParams(token));
    if (ok) return client;
    await client.close();
    throw refusedEntry(url, error);
  }

  /** Resolves when the connection is closed. Never rejects. */
  get closed(): Promise<CloseFrame> {
    return this.connection.closed;
  }

  /**
   * Makes a request.
   *
   * @returns the payload of the answer
   * @throws {GatewayCallError} the gateway refuses it; `answer` is the error of the protocol
   */
  async call(method: string, params?: object): Promise<unknown> {
    const { ok, payload, error } = await this.#ask(method, params);
    if (ok) return payload;
    throw refusedRequest(method, error);
  }

  /**
   * The payload of the next event of this name, which may have come already.
   *
   * @throws {Error} none came in time
   */
  async event(name: string): Promise<unknown> {
    const isIt = ({ type, event }: GatewayAnswer): boolean => type === 'event' && event === name;
    return (await this.connection.take(isIt, `the event ${name}`)).payload;
  }

  /** Closes the connection. */
  close(): Promise<CloseFrame> {
    return this.connection.close();
  }

  #ask(method: string, params: object | undefined): Promise<GatewayAnswer> {
    const asked = `${++this.#next}`;
    this.connection.send({ type: 'req', id: asked, method, ...(params && { params }) });
    return this.connection.take(({ type, id }) => type === 'res' && id === asked, `the answer to ${method}`);
  }
}

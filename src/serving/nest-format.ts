import type { Logger } from '@nestjs/common';

import type { WsMessage, WsMessageParser } from '../options/serving.options.js';
import type { WsFormat } from './ws-format.js';
import type { ShutdownNotice, WsSession } from './ws-session.js';
import type { WsClient } from './ws-client.js';

/** The format of Nest's own adapter for `ws`: `{"event": string, "data": any}` in both directions. */
export class NestFormat implements WsFormat {
  readonly #parse: WsMessageParser;

  constructor(
    private readonly logger: Pick<Logger, 'error'>,
    parse?: WsMessageParser,
  ) {
    // An exception of the app's own parser is an error of the app. Text that is not JSON is an error of the client.
    this.#parse = parse ? (message) => this.#guarded(parse, message) : parseJson;
  }

  open(client: WsClient): WsSession {
    client.enterOrClose();
    return {
      getsTicks: false,
      receive: (data, isBinary) => this.#receive(client, isBinary ? data : data.toString()),
      farewell: (notice: ShutdownNotice) => client.send(JSON.stringify({ event: 'shutdown', data: notice })),
      ended: () => undefined,
    };
  }

  #receive(client: WsClient, text: WsMessage): void {
    const message = this.#parse(text);
    if (!message) return;
    const observer = {
      next: (result: unknown): void => this.#answer(client, result),
      complete: (): void => undefined,
      error: (error: unknown): void => this.logger.error(error),
    };
    for (const handler of client.handlersOf(message.event)) {
      void client.call(handler, message.data, message.event, observer);
    }
  }

  #answer(client: WsClient, result: unknown): void {
    if (result === undefined || result === null) return;
    try {
      client.send(JSON.stringify(result));
    } catch (error) {
      // An uncaught exception would end the gateway for all clients.
      this.logger.error(error);
    }
  }

  #guarded(parse: WsMessageParser, message: WsMessage): ReturnType<WsMessageParser> {
    try {
      return parse(message);
    } catch (error) {
      this.logger.error(error);
      return undefined;
    }
  }
}

function parseJson(message: WsMessage): ReturnType<WsMessageParser> {
  try {
    const value: unknown = JSON.parse(message.toString());
    return typeof value === 'object' ? (value as ReturnType<WsMessageParser>) : undefined;
  } catch {
    return undefined;
  }
}

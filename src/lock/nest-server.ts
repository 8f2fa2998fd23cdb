import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { AbstractHttpAdapter, HttpAdapterHost } from '@nestjs/core';

import { InputError } from '../common/input.error.js';
import type { BoundAddress } from '../listener/claimed-listener.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import { checkListen } from './nest-listen.js';

/**
 * Lets Nest's own HTTP server, which never listens, look as if it did on the lock's listener: tools that are handed
 * `app.getHttpServer()` ask it for its address, and start it where it has none.
 *
 * @param address the first address of the lock, while it is held
 * @throws {InputError} the app serves no HTTP
 */
export async function standInForListener(
  adapterHost: HttpAdapterHost,
  settings: GatewayLockSettings,
  address: () => BoundAddress | undefined,
): Promise<void> {
  const adapter = adapterHost.httpAdapter as AbstractHttpAdapter<Server> | undefined;
  if (!adapter) {
    // It would take the lock and serve nothing: each command of such a program would keep the gateway from starting.
    throw new InputError(
      'this app has no HTTP side, so the gateway lock is not taken for it: make it with NestFactory.create(), or leave GatewayLockModule out of an application context',
    );
  }
  const server = adapter.getHttpServer();
  const listen = (...args: unknown[]): Server => {
    checkListen(args, { ...settings, port: address()?.port ?? settings.port });
    callLast(args);
    return server;
  };
  Object.defineProperties(server, {
    listening: { get: () => address() !== undefined },
    address: { value: () => addressInfo(address()) },
    listen: { value: listen },
    // The listener is the lock's, which outlives what Nest and tests close.
    close: {
      value: (...args: unknown[]) => {
        callLast(args);
        return server;
      },
    },
  });
  // Fastify's own would open a second server for ::1.
  adapter.listen = listen;
  // Fastify has to be told that its routes are complete; a request before that ends the process.
  if (adapter.getType() === 'fastify') await adapter.getInstance<{ ready(): PromiseLike<unknown> }>().ready();
}

/** Calls the callback that comes last, where there is one, later, as Node does. */
function callLast(args: readonly unknown[]): void {
  const callback = args.at(-1);
  if (typeof callback === 'function') process.nextTick(callback);
}

function addressInfo(address: BoundAddress | undefined): AddressInfo | null {
  return address ? { address: address.host, family: `IPv${address.family}`, port: address.port } : null;
}

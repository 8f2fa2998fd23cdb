import { Server, type ListenOptions } from 'node:net';

import { claimListener, type ClaimOptions } from '../../src/listener/claim-listener.js';
import type { ClaimedListener } from '../../src/listener/claimed-listener.js';
import type { GatewayLockError } from '../../src/listener/gateway-lock.error.js';
import { onCleanUp } from './cleaner.js';

/** A lock that is given back when the test ends. */
export async function claim(options: ClaimOptions): Promise<ClaimedListener> {
  const listener = await claimListener(options);
  onCleanUp(() => listener.close());
  return listener;
}

/** The error of a claim that has to fail. */
export async function refusalOf(options: ClaimOptions): Promise<GatewayLockError> {
  const listener = await claimListener(options).catch((error: unknown) => error as GatewayLockError);
  if (listener instanceof Error) return listener;
  listener.close();
  throw new Error('the claim was not refused');
}

/** Spelled out here as well, since it is part of a contract. */
export function urlOf(host: string, port: number): string {
  return host.includes(':') ? `ws://[${host}]:${port}` : `ws://${host}:${port}`;
}

/** Comes before each bind of this process, until the test ends; what it throws is what the bind fails with. */
export function onListen(before: (options: ListenOptions) => void): jest.SpyInstance {
  const { listen } = Server.prototype;
  const spy = jest.spyOn(Server.prototype, 'listen');
  onCleanUp(() => spy.mockRestore());
  spy.mockImplementation(function (this: Server, ...args: unknown[]): Server {
    try {
      before(args[0] as ListenOptions);
    } catch (error) {
      process.nextTick(() => this.emit('error', error));
      return this;
    }
    return Reflect.apply(listen, this, args) as Server;
  } as typeof listen);
  return spy;
}

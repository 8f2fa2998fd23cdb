import type { Server } from 'node:http';

import { NestApplication } from '@nestjs/core';

import { InputError } from '../common/input.error.js';
import { addressSet } from '../listener/listen-address.js';
import { GATEWAY_LOCK_SETTINGS } from '../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';

type Place = Pick<GatewayLockSettings, 'host' | 'port' | 'listener'>;

let isChecked = false;

/**
 * Makes `app.listen()` of every app with a lock refuse another port before the app is started. Nest starts the app, and
 * so takes the lock, before it tells any part of it the port.
 */
export function checkListenBeforeStart(): void {
  if (isChecked) return;
  isChecked = true;
  const listen = Reflect.get(NestApplication.prototype, 'listen') as (...args: unknown[]) => Promise<unknown>;
  NestApplication.prototype.listen = async function (this: NestApplication, ...args: unknown[]): Promise<unknown> {
    const settings = settingsOf(this);
    // The port that the operating system chose for a started app counts: its HTTP server knows.
    if (settings && !(this.getHttpServer() as Server).listening) checkListen(args, settings);
    return Reflect.apply(listen, this, args);
  };
}

/**
 * Checks what `app.listen()` or `server.listen()` was called with, in any form that Node takes (`net.Server.listen`).
 *
 * @throws {InputError} the lock holds another port, or not this host
 */
export function checkListen(args: readonly unknown[], place: Place): void {
  const given = args.filter((arg) => typeof arg !== 'function');
  const [first, second] = given;
  const { port, host, ...others } = isObject(first) ? first : { port: first, host: second };
  const isElsewhere = ['path', 'fd', 'handle', '_handle'].some((name) => name in others);
  if (!isElsewhere && isPortOf(place, port) && isHostOf(place, host)) return;
  const shown = given.map((arg) => JSON.stringify(arg)).join(', ');
  throw new InputError(
    `app.listen(${shown}) would open a port that the gateway lock does not guard: give port and host to GatewayLockModule.forRoot(), and call app.listen() without them`,
  );
}

function isPortOf({ listener, port }: Place, wanted: unknown): boolean {
  // A variable of the environment is a string.
  const number = typeof wanted === 'string' ? Number(wanted) : wanted;
  return number === undefined || number === 0 || number === (listener ? listener.port : port);
}

function isHostOf({ listener, host }: Place, wanted: unknown): boolean {
  const addresses = listener ? listener.addresses : addressSet(host);
  return typeof wanted !== 'string' || wanted === host || addresses.some((address) => address.host === wanted);
}

function settingsOf(app: NestApplication): GatewayLockSettings | undefined {
  try {
    return app.get<GatewayLockSettings>(GATEWAY_LOCK_SETTINGS, { strict: false });
  } catch {
    // An app without the lock listens as it likes.
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

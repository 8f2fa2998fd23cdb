import type { Server } from 'node:net';

import { InputError } from '../common/input.error.js';
import { isWholeNumber } from '../common/whole-number.js';
import { bindExclusively } from './bind-exclusively.js';
import { ClaimedListener } from './claimed-listener.js';
import { GatewayLockError } from './gateway-lock.error.js';
import {
  addressSet,
  DEFAULT_HOST,
  DEFAULT_PORT,
  MAX_PORT,
  parseListenHost,
  probeHosts,
  type AddressSet,
  type ListenAddress,
} from './listen-address.js';
import { listenOnce } from './listen-once.js';

/** With port 0 the OS picks a port for the first address alone; on the next one the same port may be taken. */
const ANY_PORT_ATTEMPTS = 16;

/** Which addresses a gateway listens on. */
export interface ClaimOptions {
  /**
   * `localhost` (127.0.0.1 and, where the machine has it, ::1), or one IP address. 127.0.0.1 is held with any address.
   * @default 'localhost'
   */
  host?: string;
  /**
   * 1 to 65535, or 0 for one that the OS chooses.
   * @default 18789
   */
  port?: number;
  /**
   * With host `::`, listens on IPv6 alone, and on 127.0.0.1 (IPV6_V6ONLY, ipv6(7)).
   * @default false
   */
  ipv6Only?: boolean;
}

/**
 * Takes the lock: binds and listens on every address of the set, or on none. For an app that has to hold the port
 * before it is created; otherwise `GatewayLockModule` takes it.
 *
 * @throws {GatewayLockError} the port is held, or cannot be bound
 * @throws {InputError} `host` is not an IP address or `localhost`, or `port` is not a port
 *
 * @example
 * const listener = await claimListener({ port: 18789 });
 * const gateway = GatewayLockModule.forRoot({ listener }); // or, without an app: listener.close()
 */
export async function claimListener({
  host = DEFAULT_HOST,
  port = DEFAULT_PORT,
  ipv6Only = false,
}: ClaimOptions = {}): Promise<ClaimedListener> {
  if (!isWholeNumber(port, 0, MAX_PORT)) {
    throw new InputError(
      `${String(port)} is not a port: give a whole number from 1 to ${MAX_PORT}, or 0 for any free one`,
    );
  }
  const addresses = addressSet(parseListenHost(host), { ipv6Only });
  return bindAll(addresses, port);
}

async function bindAll(addresses: AddressSet, port: number, attempt = 1): Promise<ClaimedListener> {
  const [anchor, ...others] = addresses;
  // Clients may connect to the anchor from now on: it keeps their connections until it is adopted or closed.
  const listener = new ClaimedListener([await bindOne(anchor, port)]);
  try {
    for (const address of others) await addTo(listener, address);
    return listener;
  } catch (error) {
    listener.close();
    const unluckyChoice = port === 0 && (error as GatewayLockError).code === 'GATEWAY_ALREADY_LISTENING';
    if (!unluckyChoice || attempt === ANY_PORT_ATTEMPTS) throw error;
  }
  return bindAll(addresses, port, attempt + 1);
}

async function addTo(listener: ClaimedListener, address: ListenAddress): Promise<void> {
  try {
    listener.add(await bindOne(address, listener.port));
  } catch (error) {
    if (!address.optional || !isNoSuchAddress(error)) throw error;
    listener.lacks(address);
  }
}

/** The machine has no IPv6, or has it switched off. */
function isNoSuchAddress(error: unknown): boolean {
  const { code } = (error as GatewayLockError).cause;
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}

async function bindOne({ host, ipv6Only }: ListenAddress, port: number): Promise<Server> {
  const probes = probeHosts(host).map((probed) => ({ host: probed, port }));
  try {
    return await bindExclusively(() => listenOnce({ host, port, ipv6Only }), probes);
  } catch (caught) {
    const error = caught as NodeJS.ErrnoException;
    throw error.code === 'EADDRINUSE'
      ? GatewayLockError.alreadyListening({ host, port }, error)
      : GatewayLockError.bindFailed({ host, port }, error);
  }
}

import { createServer, type AddressInfo, type Server } from 'node:net';

import { bindExclusively } from './bind-exclusively.js';
import { ClaimedListener } from './claimed-listener.js';
import { GatewayLockError } from './gateway-lock.error.js';
import { addressSet, parseListenHost, probeHosts, type AddressSet, type ListenAddress } from './listen-address.js';

export const DEFAULT_PORT = 18789;

/** The OS picks port 0 for the first address alone; the same port may be taken on the next. */
const ANY_PORT_ATTEMPTS = 16;

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
   * With host `::`, leaves the IPv4 addresses alone (but for 127.0.0.1).
   * @default false
   */
  ipv6Only?: boolean;
}

/**
 * Takes the lock: binds and listens on every address of the set, or on none.
 *
 * @throws {GatewayLockError} the port is held, or cannot be bound
 * @throws {RangeError} the host or the port cannot be meant
 */
export async function claimListener({
  host = 'localhost',
  port = DEFAULT_PORT,
  ipv6Only = false,
}: ClaimOptions = {}): Promise<ClaimedListener> {
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`${String(port)} is not a port: give a whole number from 1 to 65535, or 0 for any free one`);
  }
  const addresses = addressSet(parseListenHost(host), { ipv6Only });

  return new ClaimedListener(await bindAll(addresses, port));
}

async function bindAll(addresses: AddressSet, port: number, attempt = 1): Promise<[Server, ...Server[]]> {
  const [anchor, ...others] = addresses;
  const bound: [Server, ...Server[]] = [await bindOne(anchor, port)];
  const { port: chosenPort } = bound[0].address() as AddressInfo;
  try {
    for (const address of others) {
      const server = await bindOne(address, chosenPort).catch((error: unknown) => {
        if (address.optional && isNoSuchAddress(error)) return undefined;
        throw error;
      });
      if (server) bound.push(server);
    }
    return bound;
  } catch (error) {
    for (const server of bound.reverse()) server.close();
    const unluckyChoice = port === 0 && (error as GatewayLockError).code === 'GATEWAY_ALREADY_LISTENING';
    if (!unluckyChoice || attempt === ANY_PORT_ATTEMPTS) throw error;
  }
  return bindAll(addresses, port, attempt + 1);
}

/** The machine has no IPv6, or has it switched off. */
function isNoSuchAddress(error: unknown): boolean {
  const { code } = (error as GatewayLockError).cause;
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}

async function bindOne(address: ListenAddress, port: number): Promise<Server> {
  const probes = probeHosts(address.host).map((host) => ({ host, port }));
  try {
    return await bindExclusively(() => listen(address, port), probes);
  } catch (caught) {
    const error = caught as NodeJS.ErrnoException;
    const failed = { host: address.host, port };
    throw error.code === 'EADDRINUSE'
      ? GatewayLockError.alreadyListening(failed, error)
      : GatewayLockError.bindFailed(failed, error);
  }
}

function listen({ host, ipv6Only }: ListenAddress, port: number): Promise<Server> {
  // Accepted sockets are handed to an HTTP server later: paused until then, and with the defaults it gives its own.
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // `exclusive` keeps node:cluster from sharing the socket among workers.
    server.listen({ host, port, ipv6Only, exclusive: true }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

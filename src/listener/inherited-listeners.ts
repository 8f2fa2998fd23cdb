import { closeSync, fstatSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';

import { InputError } from '../common/input.error.js';
import { ClaimedListener } from './claimed-listener.js';
import type { ClaimOptions } from './claim-listener.js';
import {
  addressSet,
  canonicalIPv6,
  DEFAULT_HOST,
  DEFAULT_PORT,
  hasIPv6Form,
  parseListenHost,
  type ListenAddress,
} from './listen-address.js';
import { listenOnce } from './listen-once.js';

/** The number of the first descriptor that a service manager passes (SD_LISTEN_FDS_START in sd_listen_fds(3)). */
const FIRST_DESCRIPTOR = 3;
/** What systemd calls a descriptor that has no name. */
const NO_NAME = 'unknown';
/** The name of the listeners that a gateway has its manager keep. No `.socket` unit gives this name by itself. */
export const STORED_LISTENER = 'stored-gateway';
/** The names of all that a gateway has its manager keep, in this version and in others. */
const STORED = /^stored(-|$)/;
/** The name of the socket through which the manager can be told something (OpenFile= in systemd.service(5)). */
const NOTIFY_SOCKET_NAME = 'notify';
/** In a `.socket` unit: FileDescriptorName=gateway, or no such line, with which it has the name of the unit. */
const LISTENER_NAME = /^(gateway|unknown|.*\.socket)$/;

/** A descriptor that this process got from the service manager that started it. */
export interface InheritedDescriptor {
  readonly descriptor: number;
  readonly name: string;
}

/** What of the inherited descriptors concerns a gateway. */
export interface Inheritance {
  /** Missing where none of them listens for this gateway, which then has to bind. */
  readonly listener?: ClaimedListener;
  /** The manager keeps listeners that are not, or no longer, for this gateway: it has to let go of them first. */
  readonly isStoreStale: boolean;
}

/**
 * Reads what a service manager passes to the process that it starts (sd_listen_fds(3)), and takes the variables away: a
 * child of this process must not believe that they are meant for it.
 *
 * @returns empty where nothing was passed, or it was passed to another process
 * @throws {InputError} LISTEN_FDS is not a number
 */
export function takeDescriptors(environment: NodeJS.ProcessEnv): readonly InheritedDescriptor[] {
  const { LISTEN_FDS: count, LISTEN_PID: pid, LISTEN_FDNAMES: names = '' } = environment;
  for (const variable of ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID']) {
    Reflect.deleteProperty(environment, variable);
  }
  if (count === undefined || pid !== String(process.pid)) return [];
  if (!/^\d{1,5}$/.test(count)) {
    throw new InputError(
      `LISTEN_FDS: ${JSON.stringify(count)} is not a number of descriptors: start the gateway from its unit, or unset it`,
    );
  }
  // A name that is missing, or empty, does not count.
  const given = names.split(':').map((name) => (name === '' ? NO_NAME : name));
  return Array.from({ length: Number(count) }, (_, index) => ({
    descriptor: FIRST_DESCRIPTOR + index,
    name: given[index] ?? NO_NAME,
  }));
}

/** Whether the gateway binds by itself, and no `.socket` unit does it for it. */
export function isBoundHere(descriptors: readonly InheritedDescriptor[]): boolean {
  return descriptors.every(({ name }) => name === NOTIFY_SOCKET_NAME || STORED.test(name));
}

/** The descriptor through which the manager can be told something; missing where the unit opens none. */
export function notifyDescriptor(descriptors: readonly InheritedDescriptor[]): number | undefined {
  return descriptors.find(({ name }) => name === NOTIFY_SOCKET_NAME)?.descriptor;
}

/**
 * Makes a claimed listener of the sockets that the manager has bound in a `.socket` unit, or has kept for a gateway that
 * is gone. They have to be exactly those that a gateway would bind itself. All others are closed.
 *
 * @throws {InputError} a `.socket` unit listens elsewhere, or passes what is not a listener; what was inherited is closed
 */
export async function inheritListener(
  descriptors: readonly InheritedDescriptor[],
  { host = DEFAULT_HOST, port = DEFAULT_PORT, ipv6Only = false }: ClaimOptions,
): Promise<Inheritance> {
  const addresses = addressSet(parseListenHost(host), { ipv6Only });
  const activated = descriptors.filter((one) => !isBoundHere([one]));
  const stored = descriptors.filter(({ name }) => STORED.test(name));
  if (activated.length > 0) {
    const servers = await listenOnAll(activated, port);
    const mismatch = describeMismatch(servers, addresses, port);
    if (mismatch === undefined) {
      closeAll(stored);
      return { listener: listenerOf(servers, addresses), isStoreStale: stored.length > 0 };
    }
    for (const server of servers) server.close();
    closeAll(stored);
    throw new InputError(mismatch);
  }
  return restore(stored, addresses, port);
}

/** What a gateway has stored may be of another port or another version. The gateway starts all the same. */
async function restore(
  stored: readonly InheritedDescriptor[],
  addresses: readonly ListenAddress[],
  port: number,
): Promise<Inheritance> {
  if (stored.length === 0) return { isStoreStale: false };
  const own = stored.filter(({ name }) => name === STORED_LISTENER);
  closeAll(stored.filter(({ name }) => name !== STORED_LISTENER));
  try {
    const servers = await listenOnAll(own, port);
    if (describeMismatch(servers, addresses, port) === undefined) {
      return { listener: listenerOf(servers, addresses), isStoreStale: false };
    }
    for (const server of servers) server.close();
  } catch {
    // The bind that follows says what can be said.
  }
  return { isStoreStale: true };
}

type Servers = [Server, ...Server[]];

/** An address that no server has is bound later, as in a gateway that has started before this machine had it. */
function listenerOf(servers: Servers, addresses: readonly ListenAddress[]): ClaimedListener {
  const bound = servers.map((server) => boundTo(server).host);
  return new ClaimedListener(
    servers,
    addresses.find(({ host }) => !bound.includes(host)),
  );
}

async function listenOnAll(descriptors: readonly InheritedDescriptor[], port: number): Promise<Servers> {
  const servers: Server[] = [];
  try {
    for (const { descriptor, name } of descriptors) {
      if (!LISTENER_NAME.test(name) && name !== STORED_LISTENER) {
        throw new InputError(
          `descriptor ${descriptor} (${name}) has a name that no listener of a gateway has: give FileDescriptorName=gateway in the .socket unit`,
        );
      }
      servers.push(await listenOn(descriptor, name, port));
    }
  } catch (error) {
    for (const server of servers) server.close();
    closeAll(descriptors.slice(servers.length));
    throw error;
  }
  return anchorFirst(servers);
}

async function listenOn(descriptor: number, name: string, port: number): Promise<Server> {
  const server = isSocket(descriptor) ? await listenOnce({ fd: descriptor }).catch(() => undefined) : undefined;
  // A Unix socket can listen too, and has no port.
  const address = server?.address();
  if (server && typeof address === 'object' && address !== null) return server;
  server?.close();
  throw new InputError(
    `descriptor ${descriptor} (${name}) is not a TCP socket that listens: give ListenStream=127.0.0.1:${port} in the .socket unit`,
  );
}

/** A manager passes sockets in the order of its unit; people are shown the first address, 127.0.0.1 in the default set. */
function anchorFirst(servers: readonly Server[]): Servers {
  const isIPv6 = (server: Server): number => Number(hasIPv6Form(boundTo(server).host));
  return [...servers].sort((one, other) => isIPv6(one) - isIPv6(other)) as Servers;
}

/** @returns one line for people; `undefined` where the servers listen on these addresses, no more and no less */
function describeMismatch(
  servers: readonly Server[],
  addresses: readonly ListenAddress[],
  port: number,
): string | undefined {
  const expected = addresses.map(({ host, optional }) => ({ text: shown(host, port), optional }));
  const found = servers.map((server) => {
    const { host, port: bound } = boundTo(server);
    return shown(host, bound);
  });
  const isExpected = (text: string): boolean => expected.some((one) => one.text === text);
  const isComplete = expected.every(({ text, optional }) => optional || found.includes(text));
  const isDouble = new Set(found).size < found.length;
  const odd = found.filter((text) => !isExpected(text));
  if (odd.length === 0 && isComplete && !isDouble) return undefined;
  const needed = expected.filter(({ optional }) => !optional).map(({ text }) => text);
  return `the service manager listens on ${(odd.length > 0 ? odd : found).join(' and ')}, but this gateway is for ${needed.join(' and ')}: run openclaw gateway install again, or change the port back`;
}

function boundTo(server: Server): { readonly host: string; readonly port: number } {
  const { address, port } = server.address() as AddressInfo;
  return { host: hasIPv6Form(address) ? canonicalIPv6(address) : address, port };
}

function shown(host: string, port: number): string {
  return hasIPv6Form(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function closeAll(descriptors: readonly InheritedDescriptor[]): void {
  for (const { descriptor } of descriptors) if (isSocket(descriptor)) closeSync(descriptor);
}

/** LISTEN_FDS may count descriptors that were not passed: they are Node's own, which are no sockets and stay open. */
function isSocket(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isSocket();
  } catch {
    return false;
  }
}

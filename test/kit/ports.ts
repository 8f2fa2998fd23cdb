import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

import { onCleanUp } from './cleaner.js';

/** The least port that the OS gives where any will do (ip(7)); elsewhere than on Linux it is greater. */
function leastEphemeralPort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('\t')[0]);
  } catch {
    return 32_768;
  }
}

// As many as a gateway has to itself, from where named profiles have theirs.
const SLOT_SIZE = 20;
const FIRST_SLOT = 20_000;
// Some machines give out nearly all ports; then there is no better choice than among them.
const SLOTS = Math.floor((Math.max(leastEphemeralPort(), 30_000) - FIRST_SLOT) / SLOT_SIZE);

/** A port and the 19 after it, of which no other reservation gets one. */
export interface Reservation {
  readonly port: number;
  readonly release: () => void;
}

/**
 * Ports that were free on 127.0.0.1 and ::1 a moment ago. Not such as the OS would choose: one of these, while it is free
 * between two holders, may be given to any other test, or to a connection.
 */
export async function reservePorts(): Promise<Reservation> {
  for (let attempt = 0; attempt < 10 * SLOTS; attempt++) {
    const reservation = await reserveSlot(FIRST_SLOT + Math.floor(Math.random() * SLOTS) * SLOT_SIZE);
    if (reservation !== undefined) return reservation;
  }
  throw new Error(`no ${SLOT_SIZE} ports in a row are free from ${FIRST_SLOT}`);
}

/** The first of such ports, reserved until the test ends. */
export async function freePort(): Promise<number> {
  const { port, release } = await reservePorts();
  onCleanUp(release);
  return port;
}

/** Whether the port can be bound on a host at this moment. */
export async function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen({ host, port, exclusive: true }), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/**
 * The 20 ports from this one on, if they are free. For every process of the machine the UDP port of the same number
 * stands for them; TCP knows nothing of it.
 */
export async function reserveSlot(port: number): Promise<Reservation | undefined> {
  const mark = createSocket('udp4').unref();
  const release = (): void => void mark.close();
  try {
    await once(mark.bind({ address: '127.0.0.1', port, exclusive: true }), 'listening');
  } catch {
    release();
    return undefined;
  }
  const slot = Array.from({ length: SLOT_SIZE }, (_, offset) => port + offset);
  const free = await Promise.all(slot.flatMap((each) => [isFree(each), isFree(each, '::1')]));
  if (free.every(Boolean)) return { port, release };
  release();
  return undefined;
}

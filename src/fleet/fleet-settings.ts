import { InputError } from '../common/input.error.js';
import { isLoopbackHost } from '../listener/listen-address.js';
import type { FleetSettings } from '../options/fleet.options.js';
import { parseDatabaseUrl } from './database-url.js';

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** More than the clock of a holder can be behind without being noticed. */
const MARGIN_MS = 2_000;

/**
 * Checks what a fleet is told, before it is connected to anything.
 *
 * @param source the place that the URL comes from, for errors
 * @throws {InputError} one line that names the value, the rule and the way out
 */
export function checkFleet({ name, url, advertise, timing }: FleetSettings, source = 'fleet.url'): void {
  checkFleetName('fleet.name', name);
  parseDatabaseUrl(source, typeof url === 'string' ? url : url());
  if (advertise !== undefined) checkAdvertised('fleet.advertise', advertise);
  const { heartbeatMs, leaseMs, sessionMs } = timing;
  if (3 * heartbeatMs > leaseMs) {
    throw new InputError(
      `fleet.timing: leaseMs ${leaseMs} has no room for three heartbeats of ${heartbeatMs}: give more`,
    );
  }
  if (leaseMs + MARGIN_MS > sessionMs) {
    throw new InputError(
      `fleet.timing: sessionMs ${sessionMs} is not ${MARGIN_MS} more than leaseMs ${leaseMs}: give more`,
    );
  }
}

/** @throws {InputError} it is none */
export function checkFleetName(source: string, name: string): string {
  if (NAME.test(name)) return name;
  throw new InputError(
    `${source}: ${JSON.stringify(name)} is not a name of a fleet: give 1 to 63 of a-z, 0-9 and -, not - first or last`,
  );
}

/** Whether clients may be sent there: a token passes over it. */
export function isAdvertisable(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isSafe = parsed?.protocol === 'wss:' || (parsed?.protocol === 'ws:' && isLoopbackHost(parsed.hostname));
  return isSafe && parsed.pathname === '/' && parsed.search === '' && parsed.username === '' && parsed.password === '';
}

/** @throws {InputError} other hosts could not use it, or not safely */
export function checkAdvertised(source: string, url: string): string {
  if (isAdvertisable(url)) return url;
  throw new InputError(
    `${source}: ${JSON.stringify(url)} is not where other hosts reach this gateway safely: give wss://host:port, or ws://127.0.0.1:port on one machine`,
  );
}

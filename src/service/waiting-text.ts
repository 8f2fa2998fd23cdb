import { readTextIfAllowed } from '../common/process-files.js';
import type { UnitProperties } from './systemctl.js';

/** Seconds in the units that systemctl prints times in (systemd.time(7)). */
const SECONDS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3_600 };

/**
 * What the manager does next with a service that does not run, in words that follow `which`.
 *
 * @param now seconds since the machine has started
 * @returns `undefined` where it does nothing by itself
 */
export function waitingText(
  of: UnitProperties,
  { hasSocket, now }: { readonly hasSocket: boolean; readonly now: number },
): string | undefined {
  const { ActiveState: state, SubState: sub, NRestarts: restarts = '0', StartLimitBurst: most } = of;
  if (sub === 'auto-restart') {
    const since = Number(of['StateChangeTimestampMonotonic'] ?? 0) / 1e6;
    // Where the pause grows from one restart to the next, the other property has the shortest.
    const pause = secondsOf(of['RestartUSecNext'] ?? of['RestartUSec'] ?? '');
    const left = Math.max(Math.ceil(since + pause - now), 1);
    const count = most === undefined || most === '0' ? '' : ` of ${most}`;
    return `starts it again in ${left} s (restart ${Number(restarts) + 1}${count})`;
  }
  if (state === 'activating') return 'starts it now';
  if (hasSocket && state === 'inactive') return 'starts it on the first connection';
  return undefined;
}

/** Since the machine has started, as the times of a unit count. */
export function uptimeSeconds(): number {
  return Number(readTextIfAllowed('/proc/uptime').split(' ', 1)[0]);
}

/** A time as `1min 30.200s`; 0 for a text that is no time, such as `infinity`. */
function secondsOf(text: string): number {
  return [...text.matchAll(/([\d.]+)(us|ms|s|min|h)\b/g)].reduce(
    (sum, [, number, unit = '']) => sum + Number(number) * (SECONDS[unit] ?? 0),
    0,
  );
}

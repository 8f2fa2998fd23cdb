import { InputError } from '../common/input.error.js';

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The time that `--since` gives, in milliseconds since the epoch.
 *
 * @throws {InputError} it is neither a duration nor a time
 */
export function sinceOf(since: string | undefined, now = Date.now()): number | undefined {
  if (since === undefined) return undefined;
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(since) ?? [];
  if (count !== undefined) return now - Number(count) * (UNITS_MS[unit] ?? 0);
  // Date.parse takes many texts that no operator would mean as a time.
  const time = /^\d{4}-\d\d-\d\d(T\d\d:\d\d|$)/.test(since) ? Date.parse(since) : NaN;
  if (!Number.isNaN(time)) return time;
  throw new InputError(
    `--since: ${JSON.stringify(since)} is not a time; give one such as 30s, 10m, 2h, 1d or 2026-01-31T12:00`,
  );
}

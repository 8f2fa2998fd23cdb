import { join } from 'node:path';

import { NotAllowedError } from '../common/not-allowed.error.js';
import { replaceWhole } from '../common/private-file.js';
import { isWholeNumber } from '../common/whole-number.js';
import { isSameStart, processStart } from './process-identity.js';
import { lookAt } from './small-file.js';

export const HISTORY_FILE = 'launcher.json';

/** After so many deaths within that time, a gateway is not started again for a while. */
export const TOO_MANY = { deaths: 3, withinMs: 120_000 };
/** How many deaths are kept. */
const MAX_DEATHS = 10;

/** The gateway that was launched last, and is not known to have ended. */
export interface LaunchedProcess {
  readonly pid: number;
  /** The mark of `processStart`; null where the operating system does not tell. */
  readonly start: string | null;
  /** When it was launched, in milliseconds since the epoch. */
  readonly since: number;
}

/**
 * What launchers remember of the gateways that they have started, in `launcher.json`. A file that is missing, or holds
 * anything else, counts as an empty history.
 */
export class LaunchHistory {
  private constructor(
    private readonly file: string,
    private deaths: readonly number[],
    private running: LaunchedProcess | undefined,
  ) {}

  /** @throws {NotAllowedError} another user owns the file or may write it, or this user may not read it */
  static read(folder: string): LaunchHistory {
    const file = join(folder, HISTORY_FILE);
    return new LaunchHistory(file, ...parseHistory(readHistory(file)));
  }

  get launched(): LaunchedProcess | undefined {
    return this.running;
  }

  /** Notes the death of the gateway that was launched last, if it has died since. */
  notice(now = Date.now()): void {
    const { running } = this;
    if (!running || isSameStart(running.start, processStart(running.pid))) return;
    // The time of its death is unknown. It is recent for certain only if the launch was.
    if (isRecent(running.since, now)) this.died(now);
    else this.ended();
  }

  started(pid: number, now = Date.now()): void {
    this.running = { pid, start: processStart(pid).mark ?? null, since: now };
    this.#write();
  }

  died(now = Date.now()): void {
    this.running = undefined;
    this.deaths = [...this.deaths, now].slice(-MAX_DEATHS);
    this.#write();
  }

  /** Notes that the gateway has ended in order. */
  ended(): void {
    this.running = undefined;
    this.#write();
  }

  /** How long to wait before the next launch, in milliseconds: until the first of too many deaths is long enough ago. */
  pauseMs(now = Date.now()): number {
    const [first] = this.deaths.filter((death) => isRecent(death, now)).slice(-TOO_MANY.deaths);
    const recent = this.deaths.filter((death) => isRecent(death, now)).length;
    return first !== undefined && recent >= TOO_MANY.deaths ? first + TOO_MANY.withinMs - now : 0;
  }

  /** A history that cannot be written is no reason not to start a gateway. */
  #write(): void {
    const { deaths, running = null } = this;
    try {
      replaceWhole(this.file, `${JSON.stringify({ running, deaths })}\n`);
    } catch {
      // The next launch then knows less.
    }
  }
}

/** A time in the future was written by a clock that was wrong. */
function isRecent(time: number, now: number): boolean {
  return time <= now && now - time < TOO_MANY.withinMs;
}

export function parseHistory(text: string): [deaths: number[], running: LaunchedProcess | undefined] {
  try {
    const { deaths, running } = (JSON.parse(text) ?? {}) as Record<string, unknown>;
    return [Array.isArray(deaths) ? deaths.filter(isPositive).slice(-MAX_DEATHS) : [], parseLaunched(running)];
  } catch {
    return [[], undefined];
  }
}

function parseLaunched(value: unknown): LaunchedProcess | undefined {
  const { pid, start, since } = (value ?? {}) as Record<string, unknown>;
  const isStart = start === null || typeof start === 'string';
  return isPositive(pid) && isPositive(since) && isStart ? { pid, start, since } : undefined;
}

/** For times and process IDs; to kill(2), zero and less mean groups of processes. */
function isPositive(value: unknown): value is number {
  return isWholeNumber(value, 1);
}

function readHistory(file: string): string {
  try {
    return lookAt(file)?.text ?? '';
  } catch (error) {
    if (error instanceof NotAllowedError) throw error;
    return '';
  }
}

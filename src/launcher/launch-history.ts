import { join } from 'node:path';

import { logTime } from '../common/log-line.js';
import { NotAllowedError } from '../common/not-allowed.error.js';
import { replaceWhole } from '../common/private-file.js';
import { isWholeNumber } from '../common/whole-number.js';
import { isCertainlySame, isSameStart, processStart } from './process-identity.js';
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
  /** The flags that it was launched with; missing in what an older version has written. */
  readonly flags?: readonly string[];
}

/**
 * What launchers remember of the gateways that they have started, in `launcher.json`. A file that is missing, or holds
 * anything else, counts as an empty history.
 */
export class LaunchHistory {
  private constructor(
    private readonly file: string,
    private deaths: readonly number[],
    private last: LaunchedProcess | undefined,
  ) {}

  /** @throws {NotAllowedError} another user owns the file or may write it, or this user may not read it */
  static read(folder: string): LaunchHistory {
    const file = join(folder, HISTORY_FILE);
    return new LaunchHistory(file, ...parseHistory(readHistory(file)));
  }

  get launched(): LaunchedProcess | undefined {
    return this.last;
  }

  /** The gateway that was launched last, as long as its process is there. */
  get running(): LaunchedProcess | undefined {
    return this.last && isThere(this.last) ? this.last : undefined;
  }

  /**
   * Notes the death of the gateway that was launched last, if it has died since.
   *
   * @returns the gateway that has died
   */
  notice(now = Date.now()): LaunchedProcess | undefined {
    const { last } = this;
    if (!last || this.running) return undefined;
    // The time of its death is unknown. It is recent for certain only if the launch was.
    if (isRecent(last.since, now)) this.died(now);
    else this.ended();
    return last;
  }

  started(pid: number, now = Date.now(), flags: readonly string[] = []): void {
    this.last = { pid, start: processStart(pid).mark ?? null, since: now, flags };
    this.#write();
  }

  died(now = Date.now()): void {
    this.last = undefined;
    this.deaths = [...this.deaths, now].slice(-MAX_DEATHS);
    this.#write();
  }

  /** Notes that the gateway has ended in order. */
  ended(): void {
    this.last = undefined;
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
    const { deaths, last: running = null } = this;
    try {
      replaceWhole(this.file, `${JSON.stringify({ running, deaths })}\n`);
    } catch {
      // The next launch then knows less.
    }
  }
}

/**
 * One line for the operator, and for the log of the next gateway.
 *
 * @param lastSeen when it wrote to its log last
 */
export function describeDeath({ pid, since }: LaunchedProcess, lastSeen: Date | undefined): string {
  const at = logTime(lastSeen ?? new Date(since));
  return `the last run, pid ${pid}, ended without a stop; last seen ${at}`;
}

/** Whether a process that was launched runs still, and its process ID is not that of another one. */
export function isThere({ pid, start }: LaunchedProcess): boolean {
  return isSameStart(start, processStart(pid));
}

/** Whether that is certain, as it has to be before a signal: the start of both is known. */
export function isCertain({ pid, start }: LaunchedProcess): boolean {
  return isCertainlySame(start, processStart(pid));
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
  const { pid, start, since, flags } = (value ?? {}) as Record<string, unknown>;
  const isStart = start === null || typeof start === 'string';
  if (!isPositive(pid) || !isPositive(since) || !isStart) return undefined;
  return { pid, start, since, ...(isTexts(flags) && { flags }) };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** For times and process IDs; kill(2) takes zero and less for groups of processes. */
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

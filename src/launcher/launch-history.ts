import { join } from 'node:path';

import { replaceWhole } from '../common/private-file.js';
import { isSameStart, processStart } from './process-start.js';
import { lookAt } from './state-file.js';

export const HISTORY_FILE = 'launcher.json';

/** So many deaths in so long a time are no accident. Milliseconds. */
export const TOO_MANY = { deaths: 3, withinMs: 120_000 };
/** As many as are kept. */
const MAX_DEATHS = 10;

/** The gateway that was launched last, and is not known to have ended. */
export interface LaunchedProcess {
  readonly pid: number;
  readonly start: string | null;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/**
 * What launchers remember of the gateways they have started, in `launcher.json`. A file that is missing, or filled with
 * anything else, is a history without events.
 */
export class LaunchHistory {
  private constructor(
    private readonly file: string,
    private deaths: readonly number[],
    private running: LaunchedProcess | undefined,
  ) {}

  static read(folder: string): LaunchHistory {
    const file = join(folder, HISTORY_FILE);
    return new LaunchHistory(file, ...parseHistory(textOf(file)));
  }

  get launched(): LaunchedProcess | undefined {
    return this.running;
  }

  /** Notes the death of the gateway that was launched last, if it has died since. */
  notice(now = Date.now()): void {
    const { running } = this;
    if (!running || isSameStart(running.start, processStart(running.pid))) return;
    // When it died nobody has seen: within the time that counts for certain only if it was launched in it.
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

  /** It is gone, and that is no death. */
  ended(): void {
    this.running = undefined;
    this.#write();
  }

  /** How long not to launch, in milliseconds: 0, or until the first of too many deaths is long enough ago. */
  pauseMs(now = Date.now()): number {
    const [first] = this.deaths.filter((death) => isRecent(death, now)).slice(-TOO_MANY.deaths);
    const recent = this.deaths.filter((death) => isRecent(death, now)).length;
    return first !== undefined && recent >= TOO_MANY.deaths ? first + TOO_MANY.withinMs - now : 0;
  }

  /** Where it cannot be written, nothing is remembered: no reason not to start a gateway. */
  #write(): void {
    const { deaths, running = null } = this;
    try {
      replaceWhole(this.file, `${JSON.stringify({ running, deaths })}\n`);
    } catch {
      // The next launch knows less, and that is all.
    }
  }
}

/** A time to come is one of a clock that was wrong. */
function isRecent(time: number, now: number): boolean {
  return time <= now && now - time < TOO_MANY.withinMs;
}

export function parseHistory(text: string): [deaths: number[], running: LaunchedProcess | undefined] {
  try {
    const { deaths, running } = (JSON.parse(text) ?? {}) as Record<string, unknown>;
    return [Array.isArray(deaths) ? deaths.filter(isTime).slice(-MAX_DEATHS) : [], parseLaunched(running)];
  } catch {
    return [[], undefined];
  }
}

function parseLaunched(value: unknown): LaunchedProcess | undefined {
  const { pid, start, since } = (value ?? {}) as Record<string, unknown>;
  const isStart = start === null || typeof start === 'string';
  return isTime(pid) && isTime(since) && isStart ? { pid, start, since } : undefined;
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function textOf(file: string): string {
  try {
    return lookAt(file)?.text ?? '';
  } catch {
    return '';
  }
}

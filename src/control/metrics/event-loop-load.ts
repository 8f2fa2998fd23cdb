import { watchLateness } from './timer-lateness.js';

/** The period of the timer whose delay is measured. */
const PERIOD_MS = 100;
/** How long a stretch has to be, so that several clients which ask in turn do not cut it into pieces. */
const SHORTEST_MS = 1_000;
/** When no client has asked for so long, nothing is measured any more. */
const UNASKED_MS = 60_000;
const MICROSECONDS_PER_MS = 1e3;

/** How busy the process was in a stretch of time, in the shape that OpenClaw's clients read. */
export interface EventLoopReport {
  /** OpenClaw's verdict on these numbers. This gateway gives none. */
  readonly degraded: false;
  readonly degradedSinceMs: null;
  readonly reasons: readonly [];
  /** The length of the stretch, in milliseconds. */
  readonly intervalMs: number;
  /** How late a timer was, in milliseconds. */
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  /** The part of the time in which the event loop was not idle, from 0 to 1. */
  readonly utilization: number;
  /** CPU time by the time that has passed: 1 is one core, all the time. */
  readonly cpuCoreRatio: number;
}

/** Measures how busy the process is, while a client asks for it. */
export class EventLoopLoad {
  #stretch: Stretch | undefined;
  #report: EventLoopReport | undefined;

  /** @param now a monotonic clock, in milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** What was measured since it was asked for before; undefined for the first time, when measuring begins. */
  read(): EventLoopReport | undefined {
    const stretch = this.#stretch;
    const at = this.now();
    if (!stretch?.runs) this.#report = undefined;
    else if (at - stretch.since < SHORTEST_MS) return this.#report;
    else this.#report = stretch.report(at);
    stretch?.end();
    this.#stretch = new Stretch(this.now);
    return this.#report;
  }

  stop(): void {
    this.#stretch?.end();
  }
}

class Stretch {
  runs = true;
  readonly since: number;
  readonly #cpu = process.cpuUsage();
  readonly #utilization = performance.eventLoopUtilization();
  readonly #delaysMs: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(now: () => number) {
    this.since = now();
    const onRun = (lateMs: number, at: number): void => {
      this.#delaysMs.push(lateMs);
      if (at - this.since >= UNASKED_MS) this.end();
    };
    this.#timer = watchLateness(PERIOD_MS, onRun, now);
  }

  end(): void {
    this.runs = false;
    clearInterval(this.#timer);
  }

  report(at: number): EventLoopReport {
    const intervalMs = at - this.since;
    const { user, system } = process.cpuUsage(this.#cpu);
    const delaysMs = this.#delaysMs.toSorted((one, other) => one - other);
    return {
      degraded: false,
      degradedSinceMs: null,
      reasons: [],
      intervalMs: Math.round(intervalMs),
      delayP99Ms: delaysMs[Math.ceil(delaysMs.length * 0.99) - 1] ?? 0,
      delayMaxMs: delaysMs.at(-1) ?? 0,
      utilization: performance.eventLoopUtilization(this.#utilization).utilization,
      cpuCoreRatio: (user + system) / MICROSECONDS_PER_MS / intervalMs,
    };
  }
}

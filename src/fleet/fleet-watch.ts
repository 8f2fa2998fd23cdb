import { uptime } from 'node:os';

/** The clocks of a process, in milliseconds. */
export interface Clocks {
  /** Stands still while the machine is suspended (CLOCK_MONOTONIC of clock_gettime(2)). */
  readonly monotonic: () => number;
  /** Goes on meanwhile, and cannot be set (CLOCK_BOOTTIME), in seconds on some systems. */
  readonly sinceBoot: () => number;
  /** Goes on meanwhile, and can be set (CLOCK_REALTIME). */
  readonly wall: () => number;
}

export const SYSTEM_CLOCKS: Clocks = {
  monotonic: () => performance.now(),
  sinceBoot: () => uptime() * 1_000,
  wall: () => Date.now(),
};

/** More than a clock that shows whole seconds can be off. */
const JUMP_MS = 1_000;

/** Sees time that the monotonic clock has not counted: a machine that was suspended, or a clock that was set. */
export class FleetWatch {
  #sinceBoot: number;
  #wall: number;

  constructor(private readonly clocks: Clocks = SYSTEM_CLOCKS) {
    [this.#sinceBoot, this.#wall] = this.#differences();
  }

  get now(): number {
    return this.clocks.monotonic();
  }

  /** Whether a clock has gone ahead of the monotonic one, or back, since the last look. */
  hasJumped(): boolean {
    const [sinceBoot, wall] = this.#differences();
    const hasJumped = Math.abs(sinceBoot - this.#sinceBoot) > JUMP_MS || Math.abs(wall - this.#wall) > JUMP_MS;
    // This clock shows whole seconds: it is compared with one instant until it jumps. A slow drift of the other is no jump.
    if (hasJumped) this.#sinceBoot = sinceBoot;
    this.#wall = wall;
    return hasJumped;
  }

  #differences(): [sinceBoot: number, wall: number] {
    const now = this.clocks.monotonic();
    return [this.clocks.sinceBoot() - now, this.clocks.wall() - now];
  }
}

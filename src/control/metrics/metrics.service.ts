import { Injectable } from '@nestjs/common';

import type { RequestOutcome } from '../wire/frames.js';
import { DurationTally, Tally } from './tally.js';

/** The label of every method that does not exist, so that a client cannot create labels. */
const UNKNOWN_METHOD = 'unknown';
const MS_PER_SECOND = 1e3;

/** Counts what happens on the port. Plain numbers, since every request is counted. */
@Injectable()
export class Metrics {
  /** Answered requests, by method and then by outcome. */
  readonly requests = new Map<string, Tally>();
  /** The time from a request to its answer, by method. */
  readonly durations = new Map<string, DurationTally>();
  /** Requests and upgrades that were refused, by reason. */
  readonly refusals = new Tally();
  /** Clients that were refused in the handshake, by reason. */
  readonly handshakeFailures = new Tally();
  /** Clients that were cut off, by reason. */
  readonly drops = new Tally();

  /**
   * @param called `undefined` for a method that does not exist
   * @param startedAt on the clock of `performance.now()`
   */
  answered(called: string | undefined, outcome: RequestOutcome, startedAt: number): void {
    const method = called ?? UNKNOWN_METHOD;
    valueOf(this.requests, method, () => new Tally()).add(outcome);
    valueOf(this.durations, method, () => new DurationTally()).add((performance.now() - startedAt) / MS_PER_SECOND);
  }

  refused(reason: string): void {
    this.refusals.add(reason);
  }

  handshakeFailed(reason: string): void {
    this.handshakeFailures.add(reason);
  }

  dropped(reason: string): void {
    this.drops.add(reason);
  }
}

function valueOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Registry } from 'prom-client';

import { GatewayHttpServer, type GatewayPhase } from '../../serving/gateway-http.server.js';
import { GatewayWsAdapter } from '../../serving/gateway-ws.adapter.js';
import { GatewayClients } from '../clients/gateway-clients.service.js';
import type { RequestOutcome } from '../wire/frames.js';
import { DURATION_BUCKETS, DurationTally, Tally } from './tally.js';

const PHASES: readonly GatewayPhase[] = ['starting', 'ready', 'draining', 'released'];
/** Of requests for what there is not, so that a client cannot make labels. */
const UNKNOWN_METHOD = 'unknown';
/** How often the event loop is looked at, from the first scrape on. Milliseconds. */
const LOOP_RESOLUTION_MS = 100;
const NANOSECONDS = 1e9;
const MILLISECONDS = 1e3;

/**
 * Counts what happens on the port, in plain numbers, since it does so for every request; the library that writes them
 * down is loaded when somebody asks.
 */
@Injectable()
export class Metrics implements OnApplicationShutdown {
  readonly #requests = new Map<string, Tally>();
  readonly #durations = new Map<string, DurationTally>();
  readonly #refused = new Tally();
  readonly #handshakes = new Tally();
  readonly #dropped = new Tally();
  #loopDelay: IntervalHistogram | undefined;
  #registry: Promise<Registry> | undefined;

  constructor(
    private readonly server: GatewayHttpServer,
    private readonly adapter: GatewayWsAdapter,
    private readonly clients: GatewayClients,
  ) {}

  /** @param method `undefined` for one that there is not */
  answered(called: string | undefined, outcome: RequestOutcome, startedAt: number): void {
    const method = called ?? UNKNOWN_METHOD;
    valueOf(this.#requests, method, () => new Tally()).add(outcome);
    valueOf(this.#durations, method, () => new DurationTally()).add((performance.now() - startedAt) / MILLISECONDS);
  }

  refused(reason: string): void {
    this.#refused.add(reason);
  }

  handshakeFailed(reason: string): void {
    this.#handshakes.add(reason);
  }

  dropped(reason: string): void {
    this.#dropped.add(reason);
  }

  /** All of it, in the text format of Prometheus 0.0.4. */
  async text(): Promise<string> {
    this.#registry ??= this.#makeRegistry();
    return (await this.#registry).metrics();
  }

  onApplicationShutdown(): void {
    this.#loopDelay?.disable();
  }

  async #makeRegistry(): Promise<Registry> {
    const { Counter, Gauge, Registry: PrometheusRegistry } = await import('prom-client');
    const registry = new PrometheusRegistry();
    const registers = [registry];
    const loopDelay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
    loopDelay.enable();
    this.#loopDelay = loopDelay;

    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({ name, help, registers, collect: setTo(read) });
    };
    gauge('gateway_clients', 'clients that have been let in', () => this.clients.size);
    gauge('gateway_sockets', 'open WebSockets, let in or not', () => this.adapter.clients.size);
    gauge('gateway_buffered_bytes', 'bytes that clients have yet to read', () => this.#bufferedBytes());
    gauge('gateway_uptime_seconds', 'age of the process', () => process.uptime());
    gauge('gateway_event_loop_delay_seconds', 'the 99th percentile since the last scrape', () => {
      const seconds = loopDelay.percentile(99) / NANOSECONDS;
      loopDelay.reset();
      return seconds;
    });
    const { server } = this;
    new Gauge({
      name: 'gateway_phase',
      help: '1 for the phase that the gateway is in',
      labelNames: ['phase'],
      registers,
      collect() {
        for (const phase of PHASES) this.set({ phase }, phase === server.phase ? 1 : 0);
      },
    });

    const counter = (name: string, help: string, labels: string[], read: () => Iterable<[string[], number]>): void => {
      new Counter({
        name,
        help,
        labelNames: labels,
        registers,
        collect() {
          this.reset();
          for (const [values, count] of read()) {
            this.inc(Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ''])), count);
          }
        },
      });
    };
    counter('gateway_refused_total', 'requests and upgrades that were not let in', ['reason'], () =>
      single(this.#refused),
    );
    counter('gateway_handshake_failures_total', 'clients that were not let in', ['reason'], () =>
      single(this.#handshakes),
    );
    counter('gateway_dropped_clients_total', 'clients that were cut off', ['reason'], () => single(this.#dropped));
    counter('gateway_requests_total', 'answered requests', ['method', 'outcome'], () =>
      [...this.#requests].flatMap(([method, outcomes]) =>
        [...outcomes].map(([outcome, count]): [string[], number] => [[method, outcome], count]),
      ),
    );
    registry.registerMetric(durationHistogram(this.#durations) as unknown as InstanceType<typeof Counter>);
    return registry;
  }

  #bufferedBytes(): number {
    let bytes = 0;
    for (const socket of this.adapter.clients.keys()) bytes += socket.bufferedAmount;
    return bytes;
  }
}

function setTo(read: () => number): (this: { set(value: number): void }) => void {
  return function () {
    this.set(read());
  };
}

function single(tally: Tally): [string[], number][] {
  return [...tally].map(([label, count]) => [[label], count]);
}

/** The library has no way to give its own histogram numbers that were counted elsewhere, but takes any metric. */
function durationHistogram(durations: ReadonlyMap<string, DurationTally>): {
  name: string;
  get: () => Promise<unknown>;
} {
  const name = 'gateway_request_duration_seconds';
  const help = 'from the arrival of a request to its answer';
  return {
    name,
    get: () => {
      const values = [...durations].flatMap(([method, tally]) => {
        let below = 0;
        const buckets = tally.buckets.map((count, index) => ({
          metricName: `${name}_bucket`,
          labels: { method, le: DURATION_BUCKETS[index] ?? '+Inf' },
          value: (below += count),
        }));
        return [
          ...buckets,
          { metricName: `${name}_sum`, labels: { method }, value: tally.seconds },
          { metricName: `${name}_count`, labels: { method }, value: below },
        ];
      });
      return Promise.resolve({ name, help, type: 'histogram', values, aggregator: 'sum' });
    },
  };
}

function valueOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

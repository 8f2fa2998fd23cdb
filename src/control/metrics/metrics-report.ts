import { type OnApplicationShutdown } from '@nestjs/common';

import type { FleetOnCard } from '../../listener/holder.js';
import type { GatewayPhase, GatewayState } from '../../serving/gateway-state.js';
import type { GatewayWebSockets } from '../../serving/gateway-websockets.js';
import { EventLoopDelay } from './event-loop-delay.js';
import type { MetricsNumbers } from './metrics-numbers.js';
import type { Metrics } from './metrics.service.js';
import { histogramSamples, prometheusText, type MetricFamily, type Sample } from './prometheus-text.js';
import { processMetrics } from './process-metrics.js';
import type { DurationTally, Tally } from './tally.js';

const PHASES: readonly GatewayPhase[] = ['standby', 'starting', 'ready', 'draining', 'released'];

/** What the metrics say of the fleet of this gateway. */
export interface FleetNumbers {
  readonly view: FleetOnCard;
  /** How long ago the last answered heartbeat was sent, in milliseconds; undefined where this gateway is not active. */
  readonly heartbeatAgeMs: number | undefined;
  /** How long heartbeats have taken to be answered. */
  readonly heartbeats: DurationTally;
  /** How attempts to connect to the database have ended. */
  readonly connects: Tally;
  readonly relay: { readonly size: number };
}

/** What `GET /metrics` and `gateway.metrics` answer: the counters, and gauges of this moment. */
export class MetricsReport implements OnApplicationShutdown {
  /** Measured from the first look on: a gateway that is not watched need not wake up for it. */
  readonly #loopDelay = new EventLoopDelay();

  constructor(
    private readonly metrics: Metrics,
    private readonly state: GatewayState,
    private readonly webSockets: GatewayWebSockets,
    /** The clients that have been let in. */
    private readonly clients: { readonly size: number },
    private readonly fleet?: FleetNumbers,
  ) {}

  /** All metrics, in the text format of Prometheus 0.0.4. */
  text(): string {
    this.#loopDelay.start();
    return prometheusText([...this.#gauges(), ...this.#fleetGauges(), ...this.#counters(), ...processMetrics()]);
  }

  /** The same in numbers, with fewer details. */
  numbers(): MetricsNumbers {
    this.#loopDelay.start();
    const { refusals, handshakeFailures, drops, requests } = this.metrics;
    const { buckets, seconds } = this.#loopDelay.tally;
    const { rss, heapUsed } = process.memoryUsage();
    return {
      ts: Date.now(),
      requests: sum([...requests.values()].flatMap((outcomes) => [...outcomes].map(([, count]) => count))),
      refused: Object.fromEntries(refusals),
      handshakeFailures: Object.fromEntries(handshakeFailures),
      dropped: Object.fromEntries(drops),
      eventLoopDelay: { count: sum(buckets), seconds },
      memory: { rssBytes: rss, heapUsedBytes: heapUsed },
    };
  }

  onApplicationShutdown(): void {
    this.#loopDelay.stop();
  }

  #gauges(): MetricFamily[] {
    return [
      gauge('gateway_clients', 'clients with an accepted token that are connected now', this.clients.size),
      gauge('gateway_sockets', 'open WebSocket connections, accepted or not yet', this.webSockets.clients.size),
      gauge('gateway_buffered_bytes', 'bytes that wait to be sent to clients', this.#bufferedBytes()),
      gauge('gateway_uptime_seconds', 'seconds since the gateway process started', process.uptime()),
      {
        name: 'gateway_event_loop_delay_seconds',
        type: 'histogram',
        help: 'delay of timers in the event loop, in seconds, since the first scrape',
        samples: histogramSamples({}, this.#loopDelay.tally),
      },
      {
        name: 'gateway_phase',
        type: 'gauge',
        help: '1 for the current phase of the gateway, 0 for the others',
        samples: PHASES.map((phase) => ({ labels: { phase }, value: phase === this.state.phase ? 1 : 0 })),
      },
    ];
  }

  #fleetGauges(): MetricFamily[] {
    if (!this.fleet) return [];
    const { view, heartbeatAgeMs, heartbeats, connects, relay } = this.fleet;
    const labels = { fleet: view.name };
    const isActive = view.role === 'active' ? 1 : 0;
    return [
      {
        name: 'gateway_fleet_active',
        type: 'gauge',
        help: '1 if this gateway is the active one of its fleet, 0 if it stands by',
        samples: [{ labels, value: isActive }],
      },
      {
        name: 'gateway_fleet_token',
        type: 'gauge',
        help: 'the token of this gateway, greater than that of each holder before; 0 if it was never active',
        samples: [{ labels, value: Number(view.token) }],
      },
      {
        name: 'gateway_fleet_heartbeat_age_seconds',
        type: 'gauge',
        help: 'seconds since the last heartbeat that the database answered was sent, while this gateway is active',
        samples: heartbeatAgeMs === undefined ? [] : [{ labels, value: heartbeatAgeMs / 1_000 }],
      },
      {
        name: 'gateway_fleet_heartbeat_seconds',
        type: 'histogram',
        help: 'seconds from the sending of a heartbeat to the answer of the database',
        samples: histogramSamples(labels, heartbeats),
      },
      counter(
        'gateway_fleet_connects_total',
        'attempts to connect to the database of the fleet, by outcome',
        samplesOf('outcome', connects, labels),
      ),
      {
        name: 'gateway_fleet_relayed_clients',
        type: 'gauge',
        help: 'clients that this gateway passes on to the active one of its fleet while it stands by',
        samples: [{ labels, value: relay.size }],
      },
    ];
  }

  #counters(): MetricFamily[] {
    const { refusals, handshakeFailures, drops, requests, durations } = this.metrics;
    const answered = [...requests].flatMap(([method, outcomes]) => samplesOf('outcome', outcomes, { method }));
    const times = [...durations].flatMap(([method, tally]) => histogramSamples({ method }, tally));
    return [
      counter(
        'gateway_refused_total',
        'HTTP requests and WebSocket upgrades that were rejected',
        samplesOf('reason', refusals),
      ),
      counter(
        'gateway_handshake_failures_total',
        'clients that were rejected in the handshake',
        samplesOf('reason', handshakeFailures),
      ),
      counter(
        'gateway_dropped_clients_total',
        'clients that were disconnected because they did not read or did not respond',
        samplesOf('reason', drops),
      ),
      counter('gateway_requests_total', 'requests that were answered, by method and outcome', answered),
      {
        name: 'gateway_request_duration_seconds',
        type: 'histogram',
        help: 'seconds from the arrival of a request to its answer',
        samples: times,
      },
    ];
  }

  #bufferedBytes(): number {
    let bytes = 0;
    for (const socket of this.webSockets.clients.keys()) bytes += socket.bufferedAmount;
    return bytes;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { name, type: 'gauge', help, samples: [{ value }] };
}

function counter(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name, type: 'counter', help, samples };
}

function samplesOf(label: string, tally: Tally, labels: Readonly<Record<string, string>> = {}): Sample[] {
  return [...tally].map(([value, count]) => ({ labels: { ...labels, [label]: value }, value: count }));
}

import { Injectable, Optional } from '@nestjs/common';

import { HolderWatches } from '../../holder/holder-watches.js';
import { GatewayClients } from '../clients/gateway-clients.service.js';
import type { MetricsNumbers } from '../metrics/metrics-numbers.js';
import { MetricsReport } from '../metrics/metrics-report.js';
import type { ClientEntry } from './client-entry.js';
import { ControlMethod } from './control-method.js';

/** The methods by which an operator watches a gateway at work. */
@Injectable()
export class MonitorMethods {
  // Optional to Nest alone: see OperatorMethods.
  constructor(
    @Optional() private readonly clients: GatewayClients,
    @Optional() private readonly metrics: MetricsReport,
    @Optional() private readonly watches: HolderWatches,
  ) {}

  /** Every client, where `system-presence` has the latest ones. */
  @ControlMethod('gateway.clients', 'operator.read')
  list(): { readonly clients: readonly ClientEntry[] } {
    const clients = [...this.clients].map(({ id, about, remoteAddress, connectedAt, requests }) => ({
      id,
      clientId: about.id,
      version: about.version,
      platform: about.platform,
      mode: about.mode,
      ip: remoteAddress,
      since: connectedAt,
      requests,
    }));
    return { clients };
  }

  /** What `GET /metrics` says, in numbers, and how many processes stand by. */
  @ControlMethod('gateway.metrics', 'operator.read')
  numbers(): MetricsNumbers & { readonly standbys: number } {
    return { ...this.metrics.numbers(), standbys: this.watches.size };
  }
}

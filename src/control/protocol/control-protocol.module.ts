import { Module } from '@nestjs/common';

import { Authenticator } from '../access/authenticator.service.js';
import { ClientEvents } from '../clients/client-events.service.js';
import { ClientLog } from '../clients/client-log.service.js';
import { GatewayClients } from '../clients/gateway-clients.service.js';
import { AccessControl } from '../access/access-control.service.js';
import { StallWatch } from '../metrics/stall-watch.service.js';
import { Metrics } from '../metrics/metrics.service.js';
import { OpenclawFormat } from './openclaw-format.js';

/**
 * The protocol of the control port: access, clients, metrics, format. A module of its own, so that its hooks run after
 * those of `GatewayLockModule`: a token file is made only by the gateway that holds the lock.
 */
@Module({
  providers: [
    AccessControl,
    Authenticator,
    ClientEvents,
    ClientLog,
    GatewayClients,
    Metrics,
    OpenclawFormat,
    StallWatch,
  ],
  exports: [AccessControl, Authenticator, ClientEvents, GatewayClients, Metrics, OpenclawFormat],
})
export class ControlProtocolModule {}

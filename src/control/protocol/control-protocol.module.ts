import { Module } from '@nestjs/common';

import { Authenticator } from '../access/authenticator.service.js';
import { ClientEvents } from '../clients/client-events.service.js';
import { GatewayClients } from '../clients/gateway-clients.service.js';
import { Metrics } from '../metrics/metrics.service.js';
import { AccessControl } from '../metrics/access-control.service.js';
import { OpenclawFormat } from './openclaw-format.js';

/** Who may use the port, and how it is spoken to. A part of `GatewayLockModule`. */
@Module({
  providers: [Authenticator, ClientEvents, GatewayClients, Metrics, OpenclawFormat, AccessControl],
  exports: [Authenticator, ClientEvents, GatewayClients, Metrics],
})
export class ControlProtocolModule {}

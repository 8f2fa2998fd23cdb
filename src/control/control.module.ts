import { Module } from '@nestjs/common';

import { HealthGateway } from './health.gateway.js';
import { HealthzController } from './healthz.controller.js';

/** What the gateway serves on its port. */
@Module({ controllers: [HealthzController], providers: [HealthGateway] })
export class ControlModule {}

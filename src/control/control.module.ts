import { Module } from '@nestjs/common';

import { OperatorGateway } from './operator.gateway.js';
import { ProbesController } from './probes.controller.js';

/** What every gateway serves on its port; for `protocol: 'openclaw'`. */
@Module({ controllers: [ProbesController], providers: [OperatorGateway] })
export class ControlModule {}

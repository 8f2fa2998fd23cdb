import { Module, type DynamicModule } from '@nestjs/common';

import { CONTROL_OPTIONS, type ControlOptions } from './control.options.js';
import { OperatorGateway } from './operator.gateway.js';
import { ProbesController } from './probes.controller.js';

/** What every gateway serves on its port; for `protocol: 'openclaw'`. */
@Module({ controllers: [ProbesController], providers: [OperatorGateway] })
export class ControlMethodsModule {
  static forRoot(options: ControlOptions): DynamicModule {
    return { module: ControlMethodsModule, providers: [{ provide: CONTROL_OPTIONS, useValue: options }] };
  }
}

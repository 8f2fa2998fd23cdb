import { Module, type DynamicModule } from '@nestjs/common';

import { CONTROL_OPTIONS, type ControlOptions } from './control-methods.options.js';
import { OperatorGateway } from './operator.gateway.js';
import { ProbesController } from './probes.controller.js';

/**
 * The methods and probes that every gateway serves on its port: `health`, `status` and the others, `/healthz`, `/readyz`
 * and `/metrics`. For `protocol: 'openclaw'`.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     GatewayLockModule.forRoot({ protocol: 'openclaw', auth: { token } }),
 *     ControlMethodsModule,
 *   ],
 * })
 * class AppModule {}
 * ```
 */
@Module({ controllers: [ProbesController], providers: [OperatorGateway] })
export class ControlMethodsModule {
  /** The module with options. Without options, import the class itself. */
  static forRoot(options: ControlOptions): DynamicModule {
    return { module: ControlMethodsModule, providers: [{ provide: CONTROL_OPTIONS, useValue: options }] };
  }
}

import { Inject, Module, Optional, type DynamicModule } from '@nestjs/common';

import { InputError } from '../../common/input.error.js';
import { GATEWAY_LOCK_SETTINGS } from '../../options/gateway-lock.module-definition.js';
import { CONTROL_OPTIONS, type ControlOptions } from './control-methods.options.js';
import { ControlMethodsGateway } from './control-methods.gateway.js';
import { MonitorMethods } from './monitor-methods.js';
import { OpenclawMethods } from './openclaw-methods.js';
import { OperatorMethods } from './operator-methods.js';
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
@Module({
  controllers: [ProbesController],
  providers: [OpenclawMethods, OperatorMethods, MonitorMethods, ControlMethodsGateway],
})
export class ControlMethodsModule {
  /** The module with options. Without options, import the class itself. */
  static forRoot(options: ControlOptions): DynamicModule {
    return { module: ControlMethodsModule, providers: [{ provide: CONTROL_OPTIONS, useValue: options }] };
  }

  /** @throws {InputError} the app does not hold the lock */
  constructor(@Optional() @Inject(GATEWAY_LOCK_SETTINGS) settings?: object) {
    if (settings) return;
    throw new InputError(
      'ControlMethodsModule serves a gateway that holds the lock: import GatewayLockModule.forRoot() in the root module too',
    );
  }
}

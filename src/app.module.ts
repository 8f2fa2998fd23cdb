import { Module, type DynamicModule } from '@nestjs/common';

import { ControlModule } from './control/control.module.js';
import { GatewayLockModule } from './gateway-lock.module.js';
import type { GatewayLockOptions } from './lock/gateway-lock.options.js';

/** The gateway that `nest start` and `openclaw gateway` run. */
@Module({})
export class AppModule {
  static forRoot(options: GatewayLockOptions): DynamicModule {
    return { module: AppModule, imports: [GatewayLockModule.forRoot(options), ControlModule] };
  }
}

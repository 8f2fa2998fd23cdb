import { Inject, Module, Optional, type DynamicModule } from '@nestjs/common';

import { InputError } from '../common/input.error.js';
import { GATEWAY_LOCK_SETTINGS } from '../options/gateway-lock.module-definition.js';
import { CONTROL_PAGE_OPTIONS, type ControlPageOptions } from './control-page.options.js';
import { PageGateway } from './page.gateway.js';
import { PageRoutes } from './page-routes.js';

/**
 * A page that shows a gateway to a person, on its own port: `GET /` and what that loads from `/page/`. A route of the
 * app's own at `/` goes before it. For `protocol: 'openclaw'`, beside `ControlMethodsModule`.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     GatewayLockModule.forRoot({ protocol: 'openclaw', auth: { token } }),
 *     ControlMethodsModule,
 *     ControlPageModule,
 *   ],
 * })
 * class AppModule {}
 * ```
 */
@Module({ providers: [PageRoutes, PageGateway] })
export class ControlPageModule {
  /** The module with options. Without options, import the class itself. */
  static forRoot(options: ControlPageOptions): DynamicModule {
    return { module: ControlPageModule, providers: [{ provide: CONTROL_PAGE_OPTIONS, useValue: options }] };
  }

  /** @throws {InputError} the app does not hold the lock */
  constructor(@Optional() @Inject(GATEWAY_LOCK_SETTINGS) settings?: object) {
    if (settings) return;
    throw new InputError(
      'ControlPageModule shows a gateway that holds the lock: import GatewayLockModule.forRoot() in the root module too',
    );
  }
}

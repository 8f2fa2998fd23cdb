import { Module, type DynamicModule } from '@nestjs/common';

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
}

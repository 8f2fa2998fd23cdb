import { Global, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

import { ControlProtocolModule } from './control/protocol/control-protocol.module.js';
import { GatewayCardService } from './holder/gateway-card.service.js';
import { GatewayDrainModule } from './lock/gateway-drain.module.js';
import {
  ConfigurableModuleClass,
  GATEWAY_LOCK_SETTINGS,
  MODULE_OPTIONS_TOKEN,
} from './options/gateway-lock.module-definition.js';
import { withDefaults } from './options/gateway-lock.options.js';
import { GatewayHttpServer } from './serving/gateway-http.server.js';
import { GatewayLockService } from './lock/gateway-lock.service.js';
import { GatewayWsAdapter } from './serving/gateway-ws.adapter.js';
import { placeInHookOrder } from './lock/hook-order.js';
import { ProfileLockService } from './state-folder/profile-lock.service.js';

/**
 * Makes an app a gateway of which there is one per port, and one per state folder: import it in the root module with `forRoot` or `forRootAsync`,
 * call `app.init()` and never `app.listen()`.
 */
@Global()
@Module({
  imports: [GatewayDrainModule, ControlProtocolModule],
  providers: [
    { provide: GATEWAY_LOCK_SETTINGS, useFactory: withDefaults, inject: [MODULE_OPTIONS_TOKEN] },
    GatewayHttpServer,
    GatewayWsAdapter,
    GatewayLockService,
    GatewayCardService,
    ProfileLockService,
  ],
  exports: [
    GATEWAY_LOCK_SETTINGS,
    GatewayHttpServer,
    GatewayLockService,
    GatewayWsAdapter,
    GatewayCardService,
    ControlProtocolModule,
  ],
})
export class GatewayLockModule extends ConfigurableModuleClass {
  constructor(modules: ModulesContainer) {
    super();
    const imported = [...modules.values()].filter(({ metatype }) => metatype === GatewayLockModule);
    if (imported.length > 1) {
      throw new Error(
        'GatewayLockModule is imported more than once: an app has one gateway, import it in the root module',
      );
    }
    placeInHookOrder(modules, GatewayLockModule, Infinity);
  }
}

import { ConfigurableModuleBuilder } from '@nestjs/common';

import type { GatewayLockOptions } from './gateway-lock.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<GatewayLockOptions>({
  moduleName: 'GatewayLock',
})
  .setClassMethodName('forRoot')
  .build();

/** The injection token of the options with every default filled in. */
export const GATEWAY_LOCK_SETTINGS = Symbol('GATEWAY_LOCK_SETTINGS');

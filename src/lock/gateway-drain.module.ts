import {
  Injectable,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

import { GatewayLockService } from './gateway-lock.service.js';
import { placeInHookOrder } from './hook-order.js';

/** The lock's outermost hooks: the last at start, which lets clients in, and the first at shutdown, which lets them go. */
@Injectable()
class GatewayDrain
  implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(private readonly lock: GatewayLockService) {}

  onApplicationBootstrap(): void {
    this.lock.open();
  }

  async onModuleDestroy(): Promise<void> {
    await this.lock.beginShutdown();
    this.lock.enterHook('onModuleDestroy');
  }

  beforeApplicationShutdown(): void {
    this.lock.enterHook('beforeApplicationShutdown');
  }

  onApplicationShutdown(): void {
    this.lock.enterHook('onApplicationShutdown');
  }
}

@Module({ providers: [GatewayDrain] })
export class GatewayDrainModule {
  constructor(modules: ModulesContainer) {
    placeInHookOrder(modules, GatewayDrainModule, -Infinity);
  }
}

import {
  Injectable,
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

import { GatewayState } from '../serving/gateway-state.js';
import { GatewayLockService } from './gateway-lock.service.js';
import { placeInHookOrder } from './hook-order.js';
import { ShutdownDeadline } from './shutdown-deadline.js';

/** The lock's outermost hooks: the last at start, which lets clients in, and the first at shutdown, which lets them go. */
@Injectable()
class OutermostHooks
  implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #logger = new Logger('gateway');

  constructor(
    private readonly lock: GatewayLockService,
    private readonly state: GatewayState,
    private readonly deadline: ShutdownDeadline,
  ) {}

  onApplicationBootstrap(): void {
    this.state.open();
    this.#logger.log(`ready: gateway listening on ${this.lock.url}`);
  }

  async onModuleDestroy(): Promise<void> {
    await this.lock.beginShutdown();
    this.deadline.enter('onModuleDestroy');
  }

  beforeApplicationShutdown(): void {
    this.deadline.enter('beforeApplicationShutdown');
  }

  onApplicationShutdown(): void {
    this.deadline.enter('onApplicationShutdown');
  }
}

@Module({ providers: [OutermostHooks] })
export class OutermostHooksModule {
  constructor(modules: ModulesContainer) {
    placeInHookOrder(modules, OutermostHooksModule, -Infinity);
  }
}

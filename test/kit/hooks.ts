import { Global, Module, type Type } from '@nestjs/common';

export type Hook =
  'onModuleInit' | 'onApplicationBootstrap' | 'onModuleDestroy' | 'beforeApplicationShutdown' | 'onApplicationShutdown';

export type Hooks = Partial<Record<Hook, () => unknown>>;

/** A global module, which is what could most easily get ahead of the lock, that runs the given hooks. */
export function hookModule(hooks: Hooks): Type {
  @Global()
  @Module({ providers: [{ provide: 'HOOKS', useValue: hooks }] })
  class HookModule {}
  return HookModule;
}

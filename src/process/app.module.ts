import { Module, type DynamicModule } from '@nestjs/common';

import { ControlMethodsModule } from '../control/methods/control-methods.module.js';
import { ControlPageModule } from '../page/control-page.module.js';
import type { ControlPageOptions } from '../page/control-page.options.js';
import { GatewayLockModule } from '../gateway-lock.module.js';
import type { GatewayLockOptions } from '../options/gateway-lock.options.js';
import { RememberPort } from '../config/remember-port.service.js';
import { WarnOfConfiguration } from '../config/warn-of-configuration.service.js';
import { examineConfiguration } from '../config/examine-configuration.js';
import { TellOfDeath } from '../launcher/tell-of-death.service.js';
import type { LogMemory } from './log-memory.js';
import { RestartInPlace } from './restart-in-place.js';
import { lockOptions, type Settings } from '../config/choose-settings.js';

/** The gateway that `nest start` and `openclaw gateway` run. */
@Module({})
export class AppModule {
  /** @param lock goes before what the settings are to the lock */
  static forRoot(settings: Settings, lock: GatewayLockOptions, memory: LogMemory): DynamicModule {
    const { profile, port, configuration } = settings;
    const restart = new RestartInPlace();
    return {
      module: AppModule,
      imports: [
        GatewayLockModule.forRoot({ protocol: 'openclaw', ...lockOptions(settings, 'openclaw'), ...lock }),
        ControlMethodsModule.forRoot({
          configFile: () => examineConfiguration(configuration.file),
          logTail: (query) => memory.tail(query),
          restart: (reason) => restart.request(reason),
        }),
        ControlPageModule.forRoot(pageOptions(settings)),
      ],
      providers: [
        { provide: RememberPort, useValue: new RememberPort(profile, port) },
        { provide: WarnOfConfiguration, useValue: new WarnOfConfiguration(configuration) },
        { provide: TellOfDeath, useValue: new TellOfDeath(profile.stateFolder) },
        { provide: RestartInPlace, useValue: restart },
      ],
    };
  }
}

/** What only an open page asks for is loaded when it does: a start has no use for it. */
function pageOptions(settings: Settings): ControlPageOptions {
  const { profile } = settings;
  return {
    program: 'openclaw',
    profiles: async () => {
      const { planProfiles } = await import('../config/plan-profiles.js');
      const { describePlans } = await import('../config/port-plans.js');
      return describePlans(await planProfiles(settings));
    },
    checks: async () => {
      const { examine } = await import('../doctor/examine.js');
      return examine({ profile, program: 'openclaw', chooseSettings: () => Promise.resolve(settings) });
    },
  };
}

import { Module, type DynamicModule } from '@nestjs/common';

import { ControlMethodsModule } from '../control/methods/control-methods.module.js';
import { ControlPageModule } from '../page/control-page.module.js';
import { examine } from '../doctor/examine.js';
import { GatewayLockModule } from '../gateway-lock.module.js';
import type { GatewayLockOptions } from '../options/gateway-lock.options.js';
import { RememberPort } from '../config/remember-port.service.js';
import { WarnOfConfiguration } from '../config/warn-of-configuration.service.js';
import { examineConfiguration } from '../config/examine-configuration.js';
import type { LogMemory } from './log-memory.js';
import { RestartInPlace } from './restart-in-place.js';
import { planProfiles } from '../config/plan-profiles.js';
import { describePlans } from '../config/port-plans.js';
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
        ControlPageModule.forRoot({
          program: 'openclaw',
          profiles: async () => describePlans(await planProfiles(settings)),
          checks: () => examine({ profile, program: 'openclaw', chooseSettings: () => Promise.resolve(settings) }),
        }),
      ],
      providers: [
        { provide: RememberPort, useValue: new RememberPort(profile, port) },
        { provide: WarnOfConfiguration, useValue: new WarnOfConfiguration(configuration) },
        { provide: RestartInPlace, useValue: restart },
      ],
    };
  }
}

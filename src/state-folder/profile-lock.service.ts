import { Inject, Injectable } from '@nestjs/common';

import { GATEWAY_LOCK_SETTINGS } from '../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import { GatewayLockService } from '../lock/gateway-lock.service.js';
import { addressOfUrl } from '../listener/listen-address.js';
import { takeProfileLock } from './profile-lock.js';

/** Has the gateway hold its state folder, where it has one, from right after its port. */
@Injectable()
export class ProfileLockService {
  constructor(
    @Inject(GATEWAY_LOCK_SETTINGS) { stateFolder, identity: { profile = 'default' } }: GatewayLockSettings,
    lock: GatewayLockService,
  ) {
    if (stateFolder === undefined) return;
    lock.alsoTake(({ url }) => takeProfileLock({ stateFolder, profile, address: addressOfUrl(url) }));
  }
}

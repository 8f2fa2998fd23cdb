// Apart from gateway-lock.options.ts, so that a command, or a start that is refused, loads no other options.
import { PACKAGE_VERSION } from '../common/package-version.js';
import type { Holder } from '../listener/holder.js';

/** The name of the profile where none is given. */
export const DEFAULT_PROFILE = 'default';

/** What happens where the port is held. */
export interface AcquireOptions {
  /**
   * `fail`: the start fails at once. `standby`: it waits until the holder is gone, and takes over.
   * @default 'fail'
   */
  wait?: 'fail' | 'standby';
  /**
   * Whether a start that fails finds out who holds the port, for `GatewayLockError.holder`. Takes at most 500 ms.
   * @default true
   */
  identify?: boolean;
  /**
   * Called each time that a standby begins to wait for another holder.
   * @default nothing is called
   */
  onWait?: (holder: Holder) => void;
  /**
   * Called when a standby begins to wait for an address that this machine does not have yet, as that of a VPN.
   *
   * @param url of the address, as `ws://host:port`
   * @default nothing is called
   */
  onWaitForAddress?: (url: string) => void;
}

/** What the gateway is to those that find it on the port. */
export interface IdentityOptions {
  /**
   * What a refusal and `status` call it, on its card: 1 to 64 printable characters.
   * @default none: it is called `gateway`
   */
  name?: string;
  /**
   * 1 to 128 printable characters.
   * @default 'default'
   */
  profile?: string;
  /**
   * 1 to 64 printable characters.
   * @default the version of this package
   */
  version?: string;
  /**
   * What an operator types for the program that has the commands of `openclaw-gateway-lock/cli`: this gateway's refusals
   * advise them. It is not on the card, since people copy what a refusal advises, and any process can show a card.
   * @default none: refusals advise what works without such a program
   */
  command?: string;
}

type Callbacks = Pick<AcquireOptions, 'onWait' | 'onWaitForAddress'>;

export type AcquireSettings = Required<Omit<AcquireOptions, keyof Callbacks>> & Callbacks;

export type IdentitySettings = Required<Pick<IdentityOptions, 'profile' | 'version'>> &
  Pick<IdentityOptions, 'name' | 'command'>;

export const ACQUIRE_DEFAULTS: AcquireSettings = { wait: 'fail', identify: true };

export function identityDefaults(): IdentitySettings {
  return { profile: DEFAULT_PROFILE, version: PACKAGE_VERSION };
}

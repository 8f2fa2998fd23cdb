import { InputError } from '../common/input.error.js';
import {
  installAgent,
  isAgentLoaded,
  planAgent,
  printAgent,
  uninstallAgent,
  type LaunchdPlan,
} from '../service/launchd-service.js';
import {
  installUnits,
  isUnitActive,
  planInstall,
  printUnits,
  uninstallUnits,
  type InstallOptions,
  type ServiceOutcome,
} from '../service/systemd-service.js';
import { needUserManager } from '../service/systemctl.js';

export type Plan = LaunchdPlan;
type Name = Pick<Plan, 'program' | 'profile'>;

/** What a service manager is asked for. */
interface Manager {
  readonly print: (plan: Plan, options: InstallOptions) => string;
  readonly plan: (plan: Plan, options: InstallOptions) => ServiceOutcome;
  readonly check: () => Promise<void>;
  readonly isActive: (name: Name) => Promise<boolean>;
  readonly install: (plan: Plan, options: InstallOptions) => Promise<ServiceOutcome>;
  readonly uninstall: (name: Name) => Promise<ServiceOutcome>;
}

const MANAGERS: Partial<Record<NodeJS.Platform, Manager>> = {
  linux: {
    print: printUnits,
    plan: planInstall,
    check: needUserManager,
    isActive: isUnitActive,
    install: installUnits,
    uninstall: uninstallUnits,
  },
  darwin: {
    print: printAgent,
    plan: planAgent,
    check: () => Promise.resolve(),
    isActive: isAgentLoaded,
    install: installAgent,
    uninstall: uninstallAgent,
  },
};

/**
 * The service manager of this system.
 *
 * @throws {InputError} services are not supported here
 */
export function serviceManager(platform: NodeJS.Platform = process.platform): Manager {
  const manager = MANAGERS[platform];
  if (manager) return manager;
  throw new InputError(
    `services are not supported on ${platform}: use start, which runs the gateway in the background`,
  );
}

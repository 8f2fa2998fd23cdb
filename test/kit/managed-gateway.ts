import { until } from './deadline.js';
import { freePort } from './ports.js';
import { UserManager, type ManagerOptions } from './user-manager.js';

export const UNIT = 'openclaw-gateway.service';
/** A start takes a tenth of a second, and many seconds beside busy processes; only a failure waits for so long. */
export const DEADLINE_MS = 60_000;

export interface UnitOptions extends ManagerOptions {
  /** Further flags of the gateway. */
  readonly flags?: string;
  /** Further lines of its section, which count in place of those before them. */
  readonly lines?: string;
  readonly unit?: string;
}

/** A gateway that a service manager has started, and that is ready. */
export async function managedGateway(
  options: UnitOptions = {},
): Promise<{ readonly manager: UserManager; readonly port: number }> {
  const manager = await UserManager.start(options);
  const port = await freePort();
  await manager.unit(UNIT, unitOf(manager, port, options));
  await manager.systemctl('start', UNIT);
  return { manager, port };
}

/** Waits until another process is the gateway, and is ready. */
export async function replaced(manager: UserManager, end: () => Promise<unknown>): Promise<void> {
  const before = await manager.property(UNIT, 'MainPID');
  await end();
  await until(DEADLINE_MS, 'the next gateway', async () => {
    const { MainPID: pid, ActiveState: state } = await manager.properties(UNIT, 'MainPID', 'ActiveState');
    return pid !== before && pid !== '0' && state === 'active';
  });
}

/** As `install` writes it, with what a test changes. */
export function unitOf(
  { bin }: UserManager,
  port: number,
  // A test may end it more often than systemd allows by default: five times in ten seconds.
  { flags = '', lines = '', unit = 'StartLimitIntervalSec=0' }: UnitOptions = {},
): string {
  return `[Unit]
${unit}
[Service]
Type=notify
NotifyAccess=main
ExecStart=${process.execPath} ${bin} gateway --port=${port} ${flags}
StandardOutput=append:%h/gateway.log
StandardError=append:%h/gateway.log
FileDescriptorStoreMax=64
Restart=on-failure
RestartSec=200ms
RestartPreventExitStatus=64 69 71 77 78 203
SuccessExitStatus=130 143
KillMode=mixed
LimitCORE=0
${lines}
`;
}

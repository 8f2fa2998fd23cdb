import type { GatewayLockService } from '../lock/gateway-lock.service.js';
import type { GatewayWebSockets } from '../serving/gateway-websockets.js';
import type { ServiceManager } from './service-manager.js';

/** How often the manager is told that a start or a stop is still under way. */
const EXTEND_EVERY_MS = 5_000;

/** The app of a gateway, as far as a manager is told of it. */
export interface ToldOf {
  readonly lock: Pick<GatewayLockService, 'descriptors' | 'stopping' | 'url'>;
  readonly webSockets: { readonly clients: Pick<GatewayWebSockets['clients'], 'size'> };
}

/**
 * Tells the manager how the gateway fares, from now until it ends.
 *
 * @returns to be called with a line for people when the gateway is ready, or stands by; it may be called for both
 */
export function tellManager(manager: ServiceManager, { lock, webSockets }: ToldOf): (status?: string) => void {
  let repeated = every(EXTEND_EVERY_MS, () => manager.extend());
  let isStopping = false;
  let isStored = false;
  void lock.stopping.then(({ reason }) => {
    isStopping = true;
    clearInterval(repeated);
    // The manager would wait for the end of all processes of the service, the successor included.
    if (manager.isHandingOver) return;
    repeated = every(EXTEND_EVERY_MS, () => manager.extend());
    const { size } = webSockets.clients;
    manager.stopping(`stopping: ${reason}, ${size} ${size === 1 ? 'client' : 'clients'} to let go`);
  });
  return (status = `ready on ${lock.url}`) => {
    if (isStopping) return;
    clearInterval(repeated);
    // What is stored before the manager is told comes back after a crash in the very next instant.
    if (!isStored) manager.store(lock.descriptors);
    isStored = true;
    manager.ready(status);
    const { watchdogMs } = manager;
    // The manager counts from the start of the service, which for a successor was long ago.
    if (watchdogMs !== undefined) manager.alive();
    // From the event loop: one that is stuck sends nothing, and the manager ends the process.
    if (watchdogMs !== undefined) repeated = every(watchdogMs / 2, () => manager.alive());
  };
}

function every(ms: number, task: () => void): NodeJS.Timeout {
  return setInterval(task, ms).unref();
}

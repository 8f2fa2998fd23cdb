import { createGatewayApp, type CreateOptions } from '../process/create-app.js';
import { runGateway, type RunOptions } from '../process/run-gateway.js';
import type { Settings } from '../config/settings.js';

export interface RunAppOptions extends CreateOptions, RunOptions {
  /** Comes before the gateway, when signals are heard already. */
  readonly before?: () => Promise<void>;
}

/**
 * Runs our own gateway until it stops. A module of its own, because it loads all of Nest.
 *
 * @returns the exit code
 */
export function runApp(settings: Settings, { before, ...options }: RunAppOptions): Promise<number> {
  return runGateway(async () => {
    await before?.();
    return createGatewayApp(settings, options);
  }, options);
}

import { setTimeout as delay } from 'node:timers/promises';

import type { INestApplication } from '@nestjs/common';

import { describeError, ExitCode, exitCodeOf } from './exit-code.js';
import { initGatewayProcess } from './gateway-process.js';
import { GATEWAY_LOCK_SETTINGS } from '../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import { GatewayLockService } from '../lock/gateway-lock.service.js';
import { announceReady } from './announce-ready.js';
import { complain, reportFailure, type FailureOptions } from './report.js';
import { StopSignals } from './stop-signals.js';

/** How long a stop waits for a start that is under way, so that no module is destroyed in the middle of its bootstrap. */
const START_GRACE_MS = 1_000;

export interface RunOptions extends FailureOptions {
  /**
   * The signals that stop the gateway. A process that has something to stop before it calls `runGateway` makes them
   * itself, since they count from when they are made.
   * @default `new StopSignals()` at the call
   */
  readonly signals?: StopSignals;
}

/**
 * Runs an app with `GatewayLockModule` until it stops: starts it, prints on stdout where it listens, and stops it in order
 * on SIGTERM, SIGINT or SIGHUP. A second signal ends the process at once, and so does a shutdown that outlasts its
 * deadline. Failures are printed on stderr, in one line, or in a few for a held port.
 *
 * @example
 * ```ts
 * process.exit(await runGateway(() => NestFactory.create(AppModule, { abortOnError: false })));
 * ```
 *
 * @param createApp makes the app without starting it; give `NestFactory.create` the option `abortOnError: false`, or a
 * failure in a constructor ends the process with a stack
 * @returns the exit code, once the app is closed; exit with it, since a module may have left something open that would keep
 * the process alive
 */
export async function runGateway(
  createApp: () => Promise<INestApplication>,
  options: RunOptions = {},
): Promise<number> {
  initGatewayProcess();
  const { signals = new StopSignals() } = options;

  let app: INestApplication | undefined;
  let code: number;
  try {
    const impatience = signals.first.then(() => delay(START_GRACE_MS));
    app = (await Promise.race([createApp(), impatience])) ?? undefined;
    // Without an app nothing is served; the operating system frees a claimed port with the process.
    code = app ? await serve(app, signals, options) : ExitCode.OK;
  } catch (error) {
    code = await reportFailure(error, options, app && profileOf(app));
  }
  try {
    await app?.close();
  } catch (error) {
    complain(describeError(error));
    code ||= exitCodeOf(error);
  }
  return code;
}

/** Resolves with the exit code when the gateway has to stop, with the app yet to be closed. */
async function serve(app: INestApplication, signals: StopSignals, { json = false }: RunOptions): Promise<number> {
  const lock = app.get(GatewayLockService);
  void lock.overdue.then((hook) => {
    complain(`the gateway did not stop in time: ${hook} still runs; ending the process`);
    process.exit(ExitCode.UNEXPECTED);
  });
  void signals.first.then((signal) => lock.beginShutdown({ reason: signal, restartExpectedMs: null }));
  // The loss comes first in the race, since a lost listener makes `stopping` resolve too.
  const stop = Promise.race([lock.lost.then(() => ExitCode.UNEXPECTED), lock.stopping.then(() => ExitCode.OK)]);
  try {
    await Promise.race([app.init(), stop.then(() => delay(START_GRACE_MS))]);
  } catch (error) {
    // A start that is told to stop may reject, and that is no failure.
    if (lock.phase !== 'draining') throw error;
  }
  if (lock.phase === 'ready') announceReady(lock, json);
  return stop;
}

function profileOf(app: INestApplication): string {
  return app.get<GatewayLockSettings>(GATEWAY_LOCK_SETTINGS).identity.profile;
}

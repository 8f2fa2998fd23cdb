import { setTimeout as delay } from 'node:timers/promises';

import type { INestApplication } from '@nestjs/common';

import { describeError, ExitCode, exitCodeOf } from './exit-code.js';
import { initGatewayProcess } from './gateway-process.js';
import { GATEWAY_LOCK_SETTINGS } from '../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import { GatewayLockService } from '../lock/gateway-lock.service.js';
import { complain, reportFailure, type FailureOptions } from './report.js';
import { StopSignals } from './stop-signals.js';

/** How long a stop waits for a start that is under way, so that no module is destroyed in mid-bootstrap. Milliseconds. */
const START_GRACE_MS = 1_000;

export interface RunOptions extends FailureOptions {
  /**
   * For a process that has something to stop before there is an app.
   * @default listens to signals from the call on
   */
  readonly signals?: StopSignals;
}

/**
 * Runs an app behind the lock as a process of its own: starts it, says on stdout where it listens, stops it in order on
 * SIGTERM or SIGINT, and ends at once on a second signal or when the shutdown outlasts its deadline. What goes wrong is
 * on stderr, in one line or, for a held port, in a few.
 *
 * @param createApp makes the app without starting it; give `NestFactory.create` the option `abortOnError: false`, or a
 * failure in a constructor ends the process with a stack
 * @returns the exit code, when the app is closed; the caller exits, since a module may have left something open
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
    // Nothing is served as long as there is no app; a listener that was handed in goes with the process.
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
  // The loss of a listener comes first: it is also a reason to stop.
  const stop = Promise.race([lock.lost.then(() => ExitCode.UNEXPECTED), lock.stopping.then(() => ExitCode.OK)]);
  try {
    await Promise.race([app.init(), stop.then(() => delay(START_GRACE_MS))]);
  } catch (error) {
    // A start that was told to stop fails, which is then what was asked for.
    if (lock.phase !== 'draining') throw error;
  }
  if (lock.phase === 'ready') announce(lock, json);
  return stop;
}

function announce({ url, addresses }: GatewayLockService, json: boolean): void {
  const urls = addresses.map((address) => address.url);
  const lines = json
    ? [JSON.stringify({ ok: true, url, addresses: urls, pid: process.pid })]
    : [
        `gateway listening on ${url}`,
        `addresses: ${urls.join(', ')}`,
        `to stop it: press Ctrl-C, or run: kill ${process.pid}`,
      ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function profileOf(app: INestApplication): string {
  return app.get<GatewayLockSettings>(GATEWAY_LOCK_SETTINGS).identity.profile;
}

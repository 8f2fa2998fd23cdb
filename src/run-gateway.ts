import { setTimeout as delay } from 'node:timers/promises';

import type { INestApplication } from '@nestjs/common';

import { describeError, ExitCode, exitCodeOf } from './exit-code.js';
import { GatewayLockService } from './lock/gateway-lock.service.js';
import { StopSignals } from './stop-signals.js';

/** How long a stop waits for a start that is under way, so that no module is destroyed in mid-bootstrap. Milliseconds. */
const START_GRACE_MS = 1_000;

/**
 * Runs an app behind the lock as a process of its own: starts it, says on stdout where it listens, stops it in order on
 * SIGTERM or SIGINT, and ends at once on a second signal or when the shutdown outlasts its deadline. What goes wrong is
 * one line on stderr.
 *
 * @param createApp makes the app without starting it; give `NestFactory.create` the option `abortOnError: false`, or a
 * failure in a constructor ends the process with a stack
 * @param exit ends the process at once; what it is given is an exit code
 * @returns the exit code, when the app is closed; the caller exits, since a module may have left something open
 */
export async function runGateway(
  createApp: () => Promise<INestApplication>,
  exit: (code: number) => void = (code) => process.exit(code),
): Promise<number> {
  // How the operating system's view of a port tells a gateway from other Node processes.
  process.title = 'openclaw-gateway';
  // A gateway outlives the terminal or the pipe that it was started from.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const signals = new StopSignals(exit);

  let app: INestApplication | undefined;
  let code: number;
  try {
    app = await createApp();
    code = await serve(app, signals, exit);
  } catch (error) {
    report(error);
    code = exitCodeOf(error);
  }
  try {
    await app?.close();
  } catch (error) {
    report(error);
    code ||= exitCodeOf(error);
  }
  return code;
}

/** Resolves with the exit code when the gateway has to stop, with the app yet to be closed. */
async function serve(app: INestApplication, signals: StopSignals, exit: (code: number) => void): Promise<number> {
  const lock = app.get(GatewayLockService);
  void lock.overdue.then((hook) => {
    report(`the gateway did not stop in time: ${hook} still runs; ending the process`);
    exit(ExitCode.UNEXPECTED);
  });
  const stop = Promise.race([
    signals.first.then((signal) => {
      void lock.beginShutdown({ reason: signal, restartExpectedMs: null });
      return ExitCode.STOPPED;
    }),
    lock.lost.then(() => ExitCode.UNEXPECTED),
  ]);
  try {
    await Promise.race([app.init(), stop.then(() => delay(START_GRACE_MS))]);
  } catch (error) {
    // A start that was told to stop fails, which is then what was asked for.
    if (lock.phase !== 'draining') throw error;
  }
  if (lock.phase === 'ready') announce(lock);
  return stop;
}

function announce({ url, addresses }: GatewayLockService): void {
  process.stdout.write(
    [
      `gateway listening on ${url}`,
      `addresses: ${addresses.map((address) => address.url).join(', ')}`,
      `to stop it: press Ctrl-C, or run: kill ${process.pid}`,
      '',
    ].join('\n'),
  );
}

function report(problem: unknown): void {
  process.stderr.write(`${typeof problem === 'string' ? problem : describeError(problem)}\n`);
}

import { setTimeout as delay } from 'node:timers/promises';

import type { INestApplication, LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { AppModule } from './app.module.js';
import { ProbeHttpAdapter } from './control/probe-http.adapter.js';
import { describeError, ExitCode, exitCodeOf } from './exit-code.js';
import type { GatewayLockOptions } from './lock/gateway-lock.options.js';
import { GatewayLockService } from './lock/gateway-lock.service.js';
import { StderrLogger } from './stderr-logger.js';
import { StopSignals } from './stop-signals.js';

export interface RunOptions {
  readonly lock: GatewayLockOptions;
  /** Log all that Nest says, not only warnings and errors. */
  readonly verbose: boolean;
  /** Ends the process at once. */
  readonly exit: (code: number) => never;
}

const QUIET: LogLevel[] = ['fatal', 'error', 'warn'];

/** How long a stop waits for a start that is under way, so that no module is destroyed in mid-bootstrap. Milliseconds. */
const START_GRACE_MS = 1_000;

/**
 * Runs the gateway until it is told to stop, and resolves with the code to exit with; the caller exits, since a module
 * may have left something open. Never rejects: what goes wrong is on stderr.
 */
export async function runGateway({ lock: options, verbose, exit }: RunOptions): Promise<number> {
  process.title = 'openclaw-gateway';
  // A gateway outlives the terminal or the pipe that it was started from.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const signals = new StopSignals(exit);

  let app: INestApplication | undefined;
  try {
    app = await NestFactory.create(AppModule.forRoot(options), new ProbeHttpAdapter(), {
      abortOnError: false,
      bodyParser: false,
      logger: new StderrLogger({ logLevels: verbose ? [...QUIET, 'log', 'debug', 'verbose'] : QUIET }),
    });
    return await serve(app, signals, exit);
  } catch (error) {
    report(error);
    return exitCodeOf(error);
  } finally {
    await app?.close().catch(report);
  }
}

/** Resolves with the exit code when the gateway has been told to stop, with the app yet to be closed. */
async function serve(app: INestApplication, signals: StopSignals, exit: RunOptions['exit']): Promise<number> {
  const lock = app.get(GatewayLockService);
  void lock.overdue.then((hook) => {
    report(`the gateway did not stop in time: ${hook} still runs; ending it`);
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

import type { INestApplication, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

import { InputError } from '../common/input.error.js';
import { GatewayLockError } from '../listener/gateway-lock.error.js';
import { describeError, ExitCode, exitCodeOf } from './exit-code.js';
import { keepVariablesFromReports, outliveReaders, takeGatewayTitle } from './init-gateway-process.js';
import { GATEWAY_LOCK_SETTINGS } from '../options/gateway-lock.module-definition.js';
import type { GatewayLockSettings } from '../options/gateway-lock.options.js';
import type { IdentityOptions } from '../options/holder.options.js';
import { GatewayLockService } from '../lock/gateway-lock.service.js';
import type { Heir } from '../service/heir.js';
import { ServiceManager } from '../service/service-manager.js';
import { whyNoHandover } from '../service/supervisor.js';
import { tellManager } from '../service/tell-manager.js';
import { GatewayWebSockets } from '../serving/gateway-websockets.js';
import { Handover, HandoverError } from './handover.js';
import { announceReady } from './announce-ready.js';
import { RestartInPlace, startAnew } from './restart-in-place.js';
import { stopWithNestStart } from './stop-with-nest-start.js';
import { complain } from './print.js';
import { reportFailure, type FailureOptions } from './report-failure.js';
import { reportOnce } from './report-once.js';
import { StopSignals } from './stop-signals.js';

/** How long a stop waits for a start that is under way, so that no module is destroyed in the middle of its bootstrap. */
const START_GRACE_MS = 1_000;

/** How `runGateway` runs an app. */
export interface RunOptions extends Pick<FailureOptions, 'json' | 'isEnough'> {
  /**
   * The signals that stop the gateway. A process that has something to stop before it calls `runGateway` makes them
   * itself, since they count from when they are made.
   * @default `new StopSignals()` at the call
   */
  readonly signals?: StopSignals;
  /**
   * Called when the lock is held and every module has started, before the ready line: the place to open what no refused
   * start may open, such as `app.startAllMicroservices()`. A rejection is a start that failed.
   * @default nothing more is started
   */
  readonly started?: (app: INestApplication) => unknown;
  /**
   * Whether the process gets the title `openclaw-gateway`. By it `status` and refusals tell a gateway that does not
   * answer from a foreign program, and `stop` a gateway without a state folder from any other process.
   * @default false: the process keeps its title
   */
  readonly title?: boolean;
  /**
   * Whether the service manager that started this process is told how the gateway fares, with a sign of life where the
   * unit has `WatchdogSec=` (sd_notify(3)). Takes NOTIFY_SOCKET, and what belongs to it, from the environment; without that
   * variable nothing happens.
   * @default false
   */
  readonly service?: boolean;
  /**
   * The service manager, where the program has asked it for listeners already. It also keeps those of this gateway.
   *
   * @internal
   */
  readonly manager?: ServiceManager;
  /**
   * The variables of a process that a launcher has started in the background, and that starts anew. Its output is a log,
   * which says by itself that the gateway is ready, and has no keyboard to press Ctrl-C on.
   *
   * @internal
   */
  readonly background?: NodeJS.ProcessEnv;
  /** @internal */
  readonly hasFailed?: boolean;
  /**
   * This process as the successor of a gateway: it starts when that one has stopped.
   *
   * @internal
   */
  readonly heir?: Heir | undefined;
}

/**
 * Runs an app with `GatewayLockModule` until it stops: starts it, prints on stdout where it listens, and stops it in order
 * on SIGTERM, SIGINT, SIGHUP, SIGQUIT or SIGUSR2. A second signal ends the process at once, and so does a shutdown that
 * outlasts its deadline. Under `nest start` the gateway stops in order when that is gone. Failures are printed on stderr,
 * in one line, or in a few for a held port.
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
  if (options.title) takeGatewayTitle();
  outliveReaders();
  keepVariablesFromReports();
  stopWithNestStart();
  const { signals = new StopSignals() } = options;
  const service = options.manager ?? (options.service ? new ServiceManager(process.env, complain) : undefined);

  let app: INestApplication | undefined;
  let restart: RestartInPlace | undefined;
  let handover: Handover | undefined;
  let code: number;
  try {
    const impatience = signals.first.then(startGrace);
    app = (await Promise.race([reportOnce(createApp), impatience])) ?? undefined;
    if (app) {
      if (options.heir) await Promise.race([options.heir.prepared(), signals.first]);
      handover = prepareHandover(lockOf(app), options, signals);
    }
    // Without an app nothing is served; the operating system frees a claimed port with the process.
    restart = app && partOf(app, RestartInPlace);
    code = app ? await runUntilStopped(app, signals, { ...options, service, restart, handover }) : ExitCode.OK;
  } catch (error) {
    options.heir?.failed(describeError(error));
    const { profile, command: program } = identityOf(error, app);
    code = await reportFailure(error, { ...options, program }, profile);
  }
  try {
    await app?.close();
  } catch (error) {
    complain(describeError(error));
    code ||= exitCodeOf(error);
  }
  // A successor that does not start is a failure, after which the manager starts another one.
  if (handover && !(await handover.finish())) code ||= ExitCode.UNEXPECTED;
  if (restart?.isWanted && code === ExitCode.OK) {
    // A manager that keeps the listeners passes them to the next process alone, which this code has it start.
    if (options.manager?.isThere) return ExitCode.NOT_READY;
    startAnew({ ...process.env, ...options.background });
  }
  return code;
}

interface ServeOptions extends Pick<RunOptions, 'json' | 'started' | 'heir' | 'background'> {
  readonly service: ServiceManager | undefined;
  readonly restart: RestartInPlace | undefined;
  readonly handover: Handover | undefined;
}

/** Resolves with the exit code when the gateway has to stop, with the app yet to be closed. */
async function runUntilStopped(
  app: INestApplication,
  signals: StopSignals,
  { json = false, started, background, service, heir, restart, handover }: ServeOptions,
): Promise<number> {
  const lock = lockOf(app);
  const tellReady = service && tellManager(service, { lock, webSockets: app.get(GatewayWebSockets) });
  lock.runBy({
    // A standby is as far as a host can come by itself, for days perhaps: that is what its manager waits for.
    onStandby: () => {
      void heir?.ready();
      tellReady?.(`standing by on ${lock.url}`);
    },
    areListenersKept: () => service?.keepsListeners ?? false,
    handover: handover
      ? (timeoutMs) => handover.begin(timeoutMs)
      : () => Promise.reject(new HandoverError(whyNoHandover(), ExitCode.USAGE)),
    restart: (reason) => restart?.request(reason).status === 'scheduled',
  });
  void lock.overdue.then((hook) => {
    complain(`the gateway did not stop in time: ${hook} still runs; ending the process`);
    // Not by a result: the hook keeps `app.close()`, and with it this function, from an end. What it has open would keep
    // the process of a caller that only sets `process.exitCode`, with the port.
    process.exit(ExitCode.UNEXPECTED);
  });
  void signals.first.then((signal) => lock.beginShutdown({ reason: signal, restartExpectedMs: null }));
  // The loss comes first in the race, since a lost listener makes `stopping` resolve too.
  const stop = Promise.race([lock.lost.then(() => ExitCode.UNEXPECTED), lock.stopping.then(() => ExitCode.OK)]);
  try {
    await Promise.race([start(app, started), stop.then(startGrace)]);
  } catch (error) {
    // A start that is told to stop may reject, and that is no failure.
    if (lock.phase !== 'draining') throw error;
  }
  if (lock.phase === 'ready') {
    await heir?.ready();
    tellReady?.();
    restart?.isReady(lock, app.get<GatewayLockSettings>(GATEWAY_LOCK_SETTINGS).shutdownGraceMs);
    if (!background) announceReady(lock, { json, isManaged: service?.isThere ?? false });
  }
  return stop;
}

/**
 * SIGUSR2, and a request of an operator, replace this process where a manager can be told of the next one, and where a
 * launcher has started it, which looks for the gateway by itself.
 */
function prepareHandover(
  lock: GatewayLockService,
  { manager, background }: RunOptions,
  signals: StopSignals,
): Handover | undefined {
  // Where the listeners are not kept, those of the next process are not these.
  if (!manager || !(manager.isThere || background)) return undefined;
  const handover = new Handover(lock, manager, background);
  void signals.first.then(() => handover.stop());
  signals.onHandover = () => {
    handover.begin().catch((error: unknown) => complain((error as Error).message));
  };
  return handover;
}

/** Not by `node:timers/promises`: Node would load that at the first signal, when others wait for the port. */
function startGrace(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, START_GRACE_MS));
}

async function start(app: INestApplication, started: RunOptions['started']): Promise<void> {
  await app.init();
  await started?.(app);
}

function lockOf(app: INestApplication): GatewayLockService {
  const lock = partOf(app, GatewayLockService);
  if (lock) return lock;
  throw new InputError('the app does not hold the lock: import GatewayLockModule.forRoot() in its root module');
}

/** Asked for a provider that is not there, Nest logs a stack before it throws. */
function partOf<Part>(app: INestApplication, type: Type<Part>): Part | undefined {
  const modules = [...app.get(ModulesContainer).values()];
  return modules.some(({ providers }) => providers.has(type)) ? app.get(type) : undefined;
}

function identityOf(error: unknown, app: INestApplication | undefined): IdentityOptions {
  // Only an app with the lock fails with such an error, and has the settings.
  if (!(error instanceof GatewayLockError)) return {};
  return app?.get<GatewayLockSettings>(GATEWAY_LOCK_SETTINGS).identity ?? {};
}

import { join } from 'node:path';

import { commandFor } from '../holder/describe-holder.js';
import type { GatewayCard } from '../listener/holder.js';
import { DetachedProcess } from './detached-process.js';
import { appendToLog, lastChange, logFileIn } from './gateway-log.js';
import { describeDeath, HISTORY_FILE, LaunchHistory, TOO_MANY } from './launch-history.js';
import { pause, type LaunchedGateway, type LaunchOptions } from './launch-options.js';
import { LaunchError } from './launch.error.js';
import { LOG_VARIABLE } from './log-variable.js';
import { describeView, LOOK_AGAIN_MS, lookForGateway, mayBecomeReady } from './look-for-gateway.js';

/** The exit codes of sysexits(3): a gateway that refused to start, and said why, has not died. */
const REFUSALS = { least: 64, greatest: 78 };
/** EX_TEMPFAIL of sysexits(3): what was in the way may be gone by now, or the gateway that is wanted. */
const TRY_AGAIN = 75;

/**
 * Starts a gateway in the background and waits until it is ready. One that is not ready at the deadline is stopped.
 *
 * @param deadline on the clock of `performance.now()`
 * @returns undefined when another gateway of the profile was quicker to the port
 * @throws {LaunchError | InputError}
 */
export async function startGateway(options: LaunchOptions, deadline: number): Promise<LaunchedGateway | undefined> {
  const { profile, command, flags, environment, report, warn } = options;
  const { stateFolder } = profile;
  const logFile = logFileIn(stateFolder);
  const history = LaunchHistory.read(stateFolder);
  const lastSeen = lastChange(logFile);
  const died = history.notice();
  refusePaused(history, options);
  if (died) {
    const line = describeDeath(died, lastSeen);
    warn(line);
    appendToLog(logFile, line);
  }
  const gateway = await DetachedProcess.start({
    command: [...command, ...flags],
    environment: { ...environment, [LOG_VARIABLE]: '1' },
    cwd: stateFolder,
    logFile,
  });
  history.started(gateway.pid, Date.now(), flags);
  report(`starting the gateway: pid ${gateway.pid}`);
  const killWithUs = (): void => gateway.kill();
  // However this process exits, as long as it can do something about it.
  process.once('exit', killWithUs);
  try {
    const outcome = await readyOrEnded(gateway, options, deadline);
    if (typeof outcome === 'number') {
      await refuseDeath(gateway, outcome, history, options, deadline);
      return undefined;
    }
    gateway.leave();
    return { started: true, pid: outcome.pid, url: outcome.url, logFile };
  } catch (error) {
    await gateway.stop();
    if (!(error instanceof LaunchError && error.code === 'died')) history.ended();
    throw error;
  } finally {
    process.off('exit', killWithUs);
  }
}

/** @returns the card of the gateway, or the code that it ended with */
async function readyOrEnded(
  gateway: DetachedProcess,
  options: LaunchOptions,
  deadline: number,
): Promise<GatewayCard | number> {
  for (;;) {
    const code = await Promise.race([gateway.ended, pause(LOOK_AGAIN_MS, options.signal)]);
    if (code !== undefined) return code;
    const { holder, ready } = await lookForGateway(options);
    if (ready?.pid === gateway.pid) return ready;
    if (performance.now() >= deadline) {
      throw new LaunchError(
        'late',
        `the gateway with pid ${gateway.pid} was not ready after ${options.timeoutMs} ms, and was stopped: ${describeView(holder)}`,
      );
    }
  }
}

/** @throws {LaunchError} unless the gateway was refused because of another one that is as good */
async function refuseDeath(
  gateway: DetachedProcess,
  code: number,
  history: LaunchHistory,
  options: LaunchOptions,
  deadline: number,
): Promise<void> {
  const isRefusal = code >= REFUSALS.least && code <= REFUSALS.greatest;
  if (isRefusal || code === 0) history.ended();
  else history.died();
  if (isRefusal) {
    const { holder, ready } = await lookForGateway(options);
    const isThere = ready !== undefined || mayBecomeReady(holder, options.profile);
    // One that held the port, and was not ready, may have become so between the refusal and this look.
    const hasBecome = code === TRY_AGAIN && holder.verdict === 'ready';
    if ((isThere || hasBecome) && performance.now() < deadline) return;
  }
  const how = code > 128 ? `by signal ${code - 128}` : `with ${code}`;
  const logFile = logFileIn(options.profile.stateFolder);
  throw new LaunchError('died', `the gateway ended ${how} while it was starting; its log: ${logFile}`, {
    // A gateway that was told to stop while it started ended in order, and still there is none.
    ...(code !== 0 && { exitCode: code }),
    lines: gateway.lastWords(),
  });
}

function refusePaused(history: LaunchHistory, { profile, program }: LaunchOptions): void {
  const pauseMs = history.pauseMs();
  if (pauseMs <= 0) return;
  throw new LaunchError(
    'paused',
    `the gateway has died ${TOO_MANY.deaths} times within ${TOO_MANY.withinMs / 1_000} s: not started again for ${Math.ceil(pauseMs / 1_000)} s; see why with ${commandFor(profile.name, program)} logs, or delete ${join(profile.stateFolder, HISTORY_FILE)} and try at once`,
  );
}

import { isAlive, readTextIfAllowed } from '../common/process-files.js';
import { whoHolds } from '../holder/who-holds.js';
import type { GatewayCard } from '../listener/holder.js';
import { logFileIn } from './gateway-log.js';
import { isThere, LaunchHistory, type LaunchedProcess } from './launch-history.js';
import { pause, type LaunchedGateway, type LaunchOptions } from './launch-options.js';
import { LaunchError } from './launch.error.js';
import { LOG_VARIABLE } from './log-variable.js';
import { LOOK_AGAIN_MS, lookForGateway } from './look-for-gateway.js';
import { PidGuard } from './pid-guard.js';
import { startGateway } from './spawn-gateway.js';

const GUARD_AGAIN_MS = 25;
/** A gateway gives its own shutdown 5 seconds, and then ends its process. */
const STOP_MS = 10_000;

export interface RestartOptions extends LaunchOptions {
  /** When this restart was asked for, in milliseconds since the epoch: a gateway that is younger was restarted since. */
  readonly askedAt: number;
  /** Asks the gateway at this url to stop, and tells whether it agreed. If it did not, its process gets SIGTERM. */
  readonly ask: (url: string) => Promise<boolean>;
}

/**
 * Whether the gateway of a state folder was started by a launcher, or is at this moment.
 *
 * @param port where this gateway has to be, where that was said: a launcher may have started the one of the folder on
 * another port
 */
export function isLaunched(stateFolder: string, port: number | undefined): boolean {
  // First, since a restart gives it back when its gateway runs.
  if (PidGuard.holderOf(stateFolder)) return true;
  const { running } = LaunchHistory.read(stateFolder);
  if (!running) return false;
  return port === undefined || (running.flags?.includes(`--port=${port}`) ?? true);
}

/**
 * Stops the gateway that a launcher has started, and starts it again with the same flags. Of restarts that are asked for
 * at the same time, one does it, and the others find it done.
 *
 * @returns undefined where the gateway that runs was not started by a launcher after all
 * @throws {LaunchError | InputError | NotAllowedError}
 */
export async function restartLaunched(options: RestartOptions): Promise<LaunchedGateway | undefined> {
  const { askedAt, profile, timeoutMs } = options;
  const { stateFolder } = profile;
  const deadline = performance.now() + timeoutMs;
  const guard = await takeGuard(options, deadline);
  try {
    const { ready } = await lookForGateway(options);
    if (ready && ready.startedAt >= askedAt) return attached(ready, stateFolder);
    const { running } = LaunchHistory.read(stateFolder);
    if (ready && !running) return undefined;
    // As long as the process is there to be read.
    const environment = { ...options.environment, ...environmentOf(running?.pid) };
    if (running) await stopLaunched(running, ready, options);
    for (;;) {
      const started = await startGateway({ ...options, environment, flags: running?.flags ?? options.flags }, deadline);
      if (started) return started;
      const view = await lookForGateway(options);
      if (view.ready) return attached(view.ready, stateFolder);
    }
  } finally {
    guard.release();
  }
}

/**
 * Waits until a gateway that starts itself anew is ready again.
 *
 * @param before the gateway as it was
 * @throws {LaunchError} `died`, or `late`
 */
export async function restartedInPlace(
  before: GatewayCard,
  { address, signal, timeoutMs }: Pick<LaunchOptions, 'address' | 'signal' | 'timeoutMs'>,
): Promise<LaunchedGateway> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { verdict, card, url } = await whoHolds(address);
    if (verdict === 'ready' && card && card.instanceId !== before.instanceId) {
      return { started: true, pid: card.pid, url: card.url, logFile: null };
    }
    if (verdict === 'blocked' && !isAlive(before.pid)) {
      throw new LaunchError('died', `the gateway on ${url} ended, and did not start anew: its own output says why`);
    }
    if (performance.now() >= deadline) {
      throw new LaunchError('late', `the gateway on ${url} was not ready again after ${timeoutMs} ms`);
    }
    await pause(LOOK_AGAIN_MS, signal);
  }
}

/**
 * The process is known by its start, and so it needs no look at the port, which a busy machine may not answer in time.
 *
 * @throws {LaunchError} `late`
 */
async function stopLaunched(
  running: LaunchedProcess,
  card: GatewayCard | undefined,
  { ask, profile: { stateFolder }, signal }: RestartOptions,
): Promise<void> {
  const deadline = performance.now() + STOP_MS;
  const agreed = card !== undefined && (await ask(card.url));
  if (!agreed) process.kill(running.pid, 'SIGTERM');
  while (isThere(running)) {
    if (performance.now() >= deadline) {
      throw new LaunchError(
        'late',
        `the gateway with pid ${running.pid} did not stop within ${STOP_MS / 1_000} s, and was not restarted; its log: ${logFileIn(stateFolder)}`,
      );
    }
    await pause(LOOK_AGAIN_MS, signal);
  }
}

async function takeGuard({ profile, signal }: LaunchOptions, deadline: number): Promise<PidGuard> {
  for (;;) {
    try {
      return await PidGuard.acquire(profile.stateFolder);
    } catch (error) {
      const isHeld = error instanceof LaunchError && error.code === 'held';
      if (!isHeld || performance.now() >= deadline) throw error;
      await pause(GUARD_AGAIN_MS, signal);
    }
  }
}

function attached({ pid, url }: GatewayCard, stateFolder: string): LaunchedGateway {
  return { started: false, pid, url, logFile: logFileIn(stateFolder) };
}

/**
 * What the running gateway was given in variables, such as a token that stands nowhere else. Linux only; elsewhere it is
 * started with the variables of the process that restarts it.
 */
function environmentOf(pid: number | undefined): NodeJS.ProcessEnv {
  if (pid === undefined) return {};
  const pairs = readTextIfAllowed(`/proc/${pid}/environ`)
    .split('\0')
    .filter((pair) => pair.startsWith('OPENCLAW_') && !pair.startsWith(`${LOG_VARIABLE}=`));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

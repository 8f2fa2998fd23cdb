import { isAlive, readTextIfAllowed } from '../common/process-files.js';
import { describeHolder, pidHere } from '../holder/describe-holder.js';
import { isOwn, whoHolds } from '../holder/who-holds.js';
import type { GatewayCard, Holder } from '../listener/holder.js';
import { readProofSecret } from '../state-folder/proof-secret.js';
import { logFileIn } from './gateway-log.js';
import { isCertain, isThere, LaunchHistory, type LaunchedProcess } from './launch-history.js';
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
  /** Asks the gateway with this card to stop, and tells whether it agreed. If it did not, its process gets SIGTERM. */
  readonly ask: (card: GatewayCard) => Promise<boolean>;
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
 * Stops the gateway that a launcher has started, and starts it again with the same flags. Where several restarts are asked
 * for at the same time, one does it, and the others find it done.
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
    const environment = { ...options.environment, ...environmentOf(running) };
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
 * Waits until a gateway that starts itself anew is ready again. Between its end and its start any process can take the
 * port, so only a gateway of this user counts.
 *
 * @param before the gateway as it was
 * @throws {LaunchError} `died`, or `late`
 */
export async function restartedInPlace(
  before: Holder,
  { address, profile, signal, timeoutMs }: Pick<LaunchOptions, 'address' | 'profile' | 'signal' | 'timeoutMs'>,
): Promise<LaunchedGateway> {
  const deadline = performance.now() + timeoutMs;
  const pid = pidHere(before);
  for (;;) {
    // Each time, since a gateway may make another secret when it starts.
    const holder = await whoHolds(address, { secret: readProofSecret(profile.stateFolder) });
    const { verdict, card, url, ownership } = holder;
    if (verdict === 'ready' && card && card.instanceId !== before.card?.instanceId && isOwn(holder)) {
      return { started: true, pid: pidHere(holder) ?? card.pid, url: card.url, logFile: null };
    }
    if (ownership === 'other user') {
      throw new LaunchError(
        'died',
        `another user has taken ${url} while the gateway started anew: ${describeHolder(holder)}`,
      );
    }
    // A number of another PID namespace says nothing.
    if (verdict === 'blocked' && pid !== undefined && !isAlive(pid)) {
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
  const agreed = card !== undefined && (await ask(card));
  if (!agreed && isThere(running)) {
    if (!isCertain(running)) {
      throw new LaunchError(
        'late',
        `it cannot be told whether pid ${running.pid} is still the gateway, so it gets no signal: stop it, and start it again`,
      );
    }
    process.kill(running.pid, 'SIGTERM');
  }
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
function environmentOf(running: LaunchedProcess | undefined): NodeJS.ProcessEnv {
  if (!running || !isCertain(running)) return {};
  const pairs = readTextIfAllowed(`/proc/${running.pid}/environ`)
    .split('\0')
    .filter((pair) => pair.startsWith('OPENCLAW_') && !pair.startsWith(`${LOG_VARIABLE}=`));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

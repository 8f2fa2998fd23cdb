import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { commandFor, describeHolder } from '../holder/describe-holder.js';
import { whoHolds } from '../holder/who-holds.js';
import type { HostPort } from '../listener/endpoint.js';
import type { GatewayCard, Holder } from '../listener/holder.js';
import type { Profile } from '../config/profile.js';
import { portOfCard, whoHoldsProfile } from '../state-folder/who-holds-profile.js';
import { DetachedProcess } from './detached-process.js';
import { logFileIn } from './gateway-log.js';
import { HISTORY_FILE, LaunchHistory, TOO_MANY } from './launch-history.js';
import { LaunchError, type GuardHolder } from './launch.error.js';
import { LOG_VARIABLE } from './log-variable.js';
import { PidGuard } from './pid-guard.js';

/** How long a port may take to answer, where many start at once on a busy machine. Milliseconds. */
const LOOK_MS = 2_000;
/** Between two looks at a port. Milliseconds. */
const LOOK_AGAIN_MS = 100;
/** Between two looks at the guard, which is only a small file. Milliseconds. */
const GUARD_AGAIN_MS = 25;
/** How often the port is looked at while another launcher is at it, and may be frozen. Milliseconds. */
const TURN_MS = 1_000;

/** The exit codes of sysexits(3): a gateway that would not start, and said why, has not died. */
const REFUSALS = { least: 64, greatest: 78 };

export interface LaunchOptions {
  readonly address: HostPort;
  /** Whether a gateway of the profile is as good on another port. */
  readonly anyPort: boolean;
  readonly profile: Profile;
  /** Runs the gateway in the foreground. Program and arguments, which other users can see. */
  readonly command: readonly [string, ...string[]];
  /** Of the gateway, with its secrets. */
  readonly environment: NodeJS.ProcessEnv;
  /** In milliseconds. */
  readonly timeoutMs: number;
  /** Ends the launch: a gateway that it has started is stopped, and the launch rejects with the reason. */
  readonly signal: AbortSignal;
  /** Told what is waited for, once for each. */
  readonly report: (line: string) => void;
}

export interface LaunchedGateway {
  /** Whether this launch has started it; otherwise it was there. */
  readonly started: boolean;
  /** Of the process that listens. */
  readonly pid: number;
  readonly url: string;
  /** Absolute; null for a gateway that no launcher has started. */
  readonly logFile: string | null;
}

interface Sight {
  /** Of the profile, or else of the port. */
  readonly holder: Holder;
  /** The card of the gateway of the profile, once it is ready. */
  readonly ready: GatewayCard | undefined;
}

/**
 * Sees to it that a gateway of a profile is ready, on an address if it has to be that one: one that is there, one that
 * another launcher is starting, or a new one in the background.
 *
 * @throws {LaunchError | InputError}
 */
export async function launchGateway(options: LaunchOptions): Promise<LaunchedGateway> {
  return new Launch(options).run();
}

class Launch {
  readonly #options: LaunchOptions;
  readonly #deadline: number;
  readonly #logFile: string;
  #guard: PidGuard | undefined;
  #reported: string | undefined;

  constructor(options: LaunchOptions) {
    this.#options = options;
    this.#deadline = performance.now() + options.timeoutMs;
    this.#logFile = logFileIn(options.profile.stateFolder);
  }

  async run(): Promise<LaunchedGateway> {
    try {
      for (;;) {
        const { holder, ready } = await this.#look();
        if (ready) return this.#attached(ready);
        if (this.#mayBecomeReady(holder)) {
          this.#refuseLate(holder);
          this.#report(`waiting for the gateway on ${holder.url}, which is ${holder.verdict}${pidOf(holder)}`);
          await this.#pause(LOOK_AGAIN_MS);
        } else if (!this.#guard) {
          // The port is looked at once more with the guard in hand: who had it before has left a gateway.
          this.#guard = await this.#takeTurn();
        } else {
          const launched = await this.#start();
          if (launched) return launched;
        }
      }
    } finally {
      this.#guard?.release();
    }
  }

  /** Undefined while another launcher is at it: then the port is worth another look. */
  async #takeTurn(): Promise<PidGuard | undefined> {
    const { profile } = this.#options;
    try {
      return await PidGuard.acquire(profile.stateFolder);
    } catch (error) {
      if (!(error instanceof LaunchError) || error.kind !== 'held') throw error;
      if (performance.now() >= this.#deadline) throw error;
      this.#report(`waiting for another launcher${error.holder ? `, pid ${error.holder.pid}` : ''}`);
      await this.#turnOf(error.holder);
      return undefined;
    }
  }

  async #turnOf(other: GuardHolder | undefined): Promise<void> {
    const enough = performance.now() + TURN_MS;
    do {
      await this.#pause(GUARD_AGAIN_MS);
    } while (
      performance.now() < enough &&
      PidGuard.holderOf(this.#options.profile.stateFolder)?.since === other?.since
    );
  }

  /** Undefined when another gateway of the profile was quicker to the port. */
  async #start(): Promise<LaunchedGateway | undefined> {
    const { profile, command, environment } = this.#options;
    const { stateFolder } = profile;
    const history = LaunchHistory.read(stateFolder);
    history.notice();
    refusePaused(history, profile);
    const gateway = await DetachedProcess.start({
      command,
      environment: { ...environment, [LOG_VARIABLE]: this.#logFile },
      cwd: stateFolder,
      logFile: this.#logFile,
    });
    history.started(gateway.pid);
    this.#report(`starting the gateway: pid ${gateway.pid}`);
    const killWithUs = (): void => gateway.kill();
    // However this process ends, as long as it can do something about it.
    process.once('exit', killWithUs);
    try {
      const card = await this.#readyOf(gateway);
      if (typeof card !== 'number') {
        gateway.leave();
        return { started: true, pid: card.pid, url: card.url, logFile: this.#logFile };
      }
      await this.#refuseDeath(gateway, card, history);
      return undefined;
    } catch (error) {
      await gateway.stop();
      if (!(error instanceof LaunchError && error.kind === 'died')) history.ended();
      throw error;
    } finally {
      process.off('exit', killWithUs);
    }
  }

  /** Its card, or the code that it ended with. */
  async #readyOf(gateway: DetachedProcess): Promise<GatewayCard | number> {
    for (;;) {
      const code = await Promise.race([gateway.ended, this.#pause(LOOK_AGAIN_MS)]);
      if (code !== undefined) return code;
      const { holder, ready } = await this.#look();
      if (ready?.pid === gateway.pid) return ready;
      if (performance.now() >= this.#deadline) {
        throw new LaunchError(
          'late',
          `the gateway with pid ${gateway.pid} was not ready after ${this.#options.timeoutMs} ms, and was stopped: ${seen(holder)}`,
        );
      }
    }
  }

  /** @throws {LaunchError} unless it was refused for a gateway that is as good */
  async #refuseDeath(gateway: DetachedProcess, code: number, history: LaunchHistory): Promise<void> {
    const isRefusal = code >= REFUSALS.least && code <= REFUSALS.greatest;
    if (isRefusal || code === 0) history.ended();
    else history.died();
    if (isRefusal) {
      const { holder, ready } = await this.#look();
      const isThere = ready !== undefined || this.#mayBecomeReady(holder);
      if (isThere && performance.now() < this.#deadline) return;
    }
    const how = code > 128 ? `by signal ${code - 128}` : `with ${code}`;
    throw new LaunchError('died', `the gateway ended ${how} while it was starting; its log: ${this.#logFile}`, {
      // One that was told to stop while it started ended well, and yet there is none.
      ...(code !== 0 && { exitCode: code }),
      lines: gateway.lastWords(),
    });
  }

  /** The lock of the profile tells its gateway from one on the port that has the same name and another state folder. */
  async #look(): Promise<Sight> {
    const { address, profile, signal } = this.#options;
    signal.throwIfAborted();
    const [ofPort, ofProfile] = await Promise.all([
      whoHolds(address, { timeoutMs: LOOK_MS }),
      whoHoldsProfile(profile.stateFolder, { timeoutMs: LOOK_MS }),
    ]);
    signal.throwIfAborted();
    const own = ofProfile?.card.profile === profile.name ? ofProfile : undefined;
    return { holder: own ?? ofPort, ready: own?.verdict === 'ready' ? own.card : undefined };
  }

  #isElsewhere(card: GatewayCard): boolean {
    return portOfCard(card) !== this.#options.address.port;
  }

  /** Or leave the port soon. Anything else is for the gateway itself to refuse, in its own words. */
  #mayBecomeReady({ verdict, card }: Holder): boolean {
    if (verdict === 'draining' || verdict === 'stalled') return true;
    return verdict === 'starting' && card?.profile === this.#options.profile.name;
  }

  #refuseLate(holder: Holder): void {
    if (performance.now() < this.#deadline) return;
    const { timeoutMs, profile } = this.#options;
    throw new LaunchError(
      'late',
      `no gateway of profile ${profile.name} was ready on ${holder.url} after ${timeoutMs} ms: ${seen(holder)}`,
    );
  }

  /** @throws {LaunchError} it is not where it has to be */
  #attached(card: GatewayCard): LaunchedGateway {
    const { address, anyPort, profile } = this.#options;
    const { pid, url } = card;
    if (!anyPort && this.#isElsewhere(card)) {
      throw new LaunchError(
        'elsewhere',
        `another gateway instance is already using profile ${profile.name} (${url}), and not on port ${address.port}: give no port to use that one, or stop it with ${commandFor(profile.name)} stop --port ${portOfCard(card)}`,
      );
    }
    const { launched } = LaunchHistory.read(profile.stateFolder);
    return { started: false, pid, url, logFile: launched?.pid === pid ? this.#logFile : null };
  }

  #report(line: string): void {
    if (line !== this.#reported) this.#options.report(line);
    this.#reported = line;
  }

  /** @throws the reason of the signal */
  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#options.signal }).catch(() => undefined);
    this.#options.signal.throwIfAborted();
  }
}

function pidOf({ card, owner }: Holder): string {
  const pid = card?.pid ?? owner?.pid;
  return pid === undefined ? '' : `, pid ${pid}`;
}

/** Of a free port no holder can be described. */
function seen(holder: Holder): string {
  return holder.verdict === 'blocked' ? 'nobody listens' : `${holder.verdict}, ${describeHolder(holder)}`;
}

function refusePaused(history: LaunchHistory, { name, stateFolder }: Profile): void {
  const pauseMs = history.pauseMs();
  if (pauseMs <= 0) return;
  throw new LaunchError(
    'paused',
    `the gateway has died ${TOO_MANY.deaths} times within ${TOO_MANY.withinMs / 1_000} s: not started again for ${Math.ceil(pauseMs / 1_000)} s; see why with ${commandFor(name)} logs, or delete ${join(stateFolder, HISTORY_FILE)} and try at once`,
  );
}

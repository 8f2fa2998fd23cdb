import { commandFor } from '../holder/describe-holder.js';
import type { GatewayCard, Holder } from '../listener/holder.js';
import { portOfCard } from '../state-folder/who-holds-profile.js';
import { logFileIn } from './gateway-log.js';
import { LaunchHistory } from './launch-history.js';
import { pause, type LaunchedGateway, type LaunchOptions } from './launch-options.js';
import { LaunchError, type GuardHolder } from './launch.error.js';
import { describeView, LOOK_AGAIN_MS, lookForGateway, mayBecomeReady } from './look-for-gateway.js';
import { PidGuard } from './pid-guard.js';
import { startGateway } from './spawn-gateway.js';

/** The pause between two looks at the guard, which is only a small file. */
const GUARD_AGAIN_MS = 25;
/** How often the port is looked at while another launcher, which may be frozen, has the guard. */
const TURN_MS = 1_000;

/**
 * Sees to it that a gateway of the profile is ready, and on the address if `anyPort` is false: one that is there, one that
 * another launcher is starting, or a new one in the background.
 *
 * @throws {LaunchError | InputError | NotAllowedError}
 */
export async function ensureGateway(options: LaunchOptions): Promise<LaunchedGateway> {
  return new Launch(options).run();
}

class Launch {
  readonly #options: LaunchOptions;
  readonly #deadline: number;
  #guard: PidGuard | undefined;
  /** A guard that cannot be written is no reason not to start: it saves work, and the port decides. */
  #goesUnguarded = false;
  #reported: string | undefined;

  constructor(options: LaunchOptions) {
    this.#options = { ...options, report: (line) => this.#report(line, options.report) };
    this.#deadline = performance.now() + options.timeoutMs;
  }

  async run(): Promise<LaunchedGateway> {
    const { profile, signal, report } = this.#options;
    try {
      for (;;) {
        const { holder, ready } = await lookForGateway(this.#options);
        if (ready) return this.#attached(ready);
        if (mayBecomeReady(holder, profile)) {
          this.#refuseLate(holder);
          report(`waiting for the gateway on ${holder.url}, which is ${holder.verdict}${pidOf(holder)}`);
          await pause(LOOK_AGAIN_MS, signal);
        } else if (!this.#guard && !this.#goesUnguarded) {
          // With the guard in hand it looks once more: the launcher that had it before may have left a gateway.
          this.#guard = await this.#takeGuard();
        } else {
          const launched = await startGateway(this.#options, this.#deadline);
          if (launched) return launched;
        }
      }
    } finally {
      this.#guard?.release();
    }
  }

  /** Undefined after a wait for another launcher, when the port is worth another look, and where there can be none. */
  async #takeGuard(): Promise<PidGuard | undefined> {
    const { profile, report, warn } = this.#options;
    try {
      return await PidGuard.acquire(profile.stateFolder);
    } catch (error) {
      if (!(error instanceof LaunchError)) throw error;
      if (error.code === 'no storage') {
        this.#goesUnguarded = true;
        warn(`${error.message}; starting without keeping other launchers away`);
        return undefined;
      }
      if (error.code !== 'held') throw error;
      if (performance.now() >= this.#deadline) throw error;
      report(`waiting for another launcher${error.holder ? `, pid ${error.holder.pid}` : ''}`);
      await this.#waitForGuard(error.holder);
      return undefined;
    }
  }

  async #waitForGuard(other: GuardHolder | undefined): Promise<void> {
    const { profile, signal } = this.#options;
    const enough = performance.now() + TURN_MS;
    do {
      await pause(GUARD_AGAIN_MS, signal);
    } while (performance.now() < enough && PidGuard.holderOf(profile.stateFolder)?.since === other?.since);
  }

  #refuseLate(holder: Holder): void {
    if (performance.now() < this.#deadline) return;
    const { timeoutMs, profile } = this.#options;
    throw new LaunchError(
      'late',
      `no gateway of profile ${profile.name} was ready on ${holder.url} after ${timeoutMs} ms: ${describeView(holder)}`,
    );
  }

  /** @throws {LaunchError} it is not where it has to be */
  #attached(card: GatewayCard): LaunchedGateway {
    const { address, anyPort, profile, program } = this.#options;
    const { pid, url } = card;
    if (!anyPort && portOfCard(card) !== address.port) {
      throw new LaunchError(
        'elsewhere',
        `another gateway instance is already using profile ${profile.name} (${url}), and not on port ${address.port}: give no port to use that one, or stop it with ${commandFor(profile.name, program)} stop --port ${portOfCard(card)}`,
      );
    }
    const { launched } = LaunchHistory.read(profile.stateFolder);
    return { started: false, pid, url, logFile: launched?.pid === pid ? logFileIn(profile.stateFolder) : null };
  }

  /** The same thing may be waited for over many looks, and is told once. */
  #report(line: string, report: (line: string) => void): void {
    if (line !== this.#reported) report(line);
    this.#reported = line;
  }
}

function pidOf({ card, owner }: Holder): string {
  const pid = card?.pid ?? owner?.pid;
  return pid === undefined ? '' : `, pid ${pid}`;
}

import type { RestartOutcome } from '../control/methods/control-methods.options.js';
import type { GatewayLockService } from '../lock/gateway-lock.service.js';

/** `process.execve` of Node 22.15 and newer, which replaces the program of this process (execve(2)). */
type Execve = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never;

/** Beside twice the time that the start has taken: a machine can be busier than it was then. */
const MARGIN_MS = 1_000;

/**
 * Makes the gateway start anew in its own process: with the same process ID, terminal, arguments and environment, and
 * with the program as it is on disk by then. Everything is stopped in order first.
 */
export class RestartInPlace {
  #isWanted = false;
  #startMs = 0;
  #graceMs = 0;
  #lock: GatewayLockService | undefined;

  /** Whether the process is to start anew, now that the app is closed. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** Called when the gateway is ready, so that clients are told for how long it will be away. */
  isReady(lock: GatewayLockService, shutdownGraceMs: number): void {
    this.#lock = lock;
    this.#graceMs = shutdownGraceMs;
    this.#startMs = Math.ceil(process.uptime() * 1_000);
  }

  request(reason: string): RestartOutcome {
    const because = whyNot();
    if (because !== undefined) return { status: 'refused', because };
    if (this.#isWanted) return { status: 'coalesced' };
    if (this.#lock?.phase !== 'ready') return { status: 'refused', because: 'it is not ready' };
    this.#isWanted = true;
    const restartExpectedMs = this.#graceMs + 2 * this.#startMs + MARGIN_MS;
    void this.#lock.beginShutdown({ reason, restartExpectedMs });
    return { status: 'scheduled' };
  }
}

/** Replaces the program of this process by the same one, which starts from the beginning. Never returns. */
export function startAnew(environment: NodeJS.ProcessEnv): never {
  const { execPath, execArgv, argv } = process;
  const execve = execveOf(process);
  execve?.(execPath, [execPath, ...execArgv, ...argv.slice(1)], environment);
  throw new Error('this process cannot start anew, and was asked to');
}

/** Why the process cannot start anew: one line for people. */
function whyNot(): string | undefined {
  if (!execveOf(process))
    return `Node ${process.version} cannot replace the program of a process (22.15 and newer can)`;
  // The parent would wait for answers that the new program does not know of.
  if (process.channel) return 'its parent process has a channel to it';
  return undefined;
}

function execveOf({ execve, platform }: NodeJS.Process & { readonly execve?: Execve }): Execve | undefined {
  return platform === 'win32' ? undefined : execve?.bind(process);
}

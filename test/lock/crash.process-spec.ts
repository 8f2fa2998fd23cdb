import { setTimeout as delay } from 'node:timers/promises';

import { trouble } from '../kit/log.js';
import { freePort } from '../kit/ports.js';
import { Operator } from '../kit/operator.js';
import { BIN, Program } from '../kit/program.js';
import { proven } from '../kit/proven.js';
import { SEED, seededRandom } from '../kit/random.js';
import { Surroundings } from '../kit/snapshot.js';

const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 40);
const SERVING_MS = 20;

type Stage = 'start' | 'serving' | 'shutdown';
const STAGES: readonly Stage[] = ['start', 'serving', 'shutdown'];

describe(`SIGKILL at a random instant (TEST_SEED=${SEED})`, () => {
  it(
    `leaves nothing behind: ${ROUNDS} times the next start succeeds at first try`,
    async () => {
      const random = seededRandom(SEED);
      const victims = await Victims.create();
      const killed = { start: 0, serving: 0, shutdown: 0 };

      for (let kills = 0; kills < ROUNDS;) {
        const stage = STAGES[Math.floor(random() * STAGES.length)] ?? 'start';
        // A shutdown can be faster than its killer, which then does not count.
        if (!(await victims.kill(stage, random()))) continue;
        killed[stage]++;
        kills++;
      }

      const { start, serving, shutdown } = killed;
      proven(
        `${ROUNDS} kills at random instants (TEST_SEED=${SEED}; ${start} in a start, ${serving} serving, ${shutdown} in a shutdown): ${ROUNDS} first-try restarts, nothing left behind`,
      );
    },
    30_000 + ROUNDS * 5_000,
  );
});

/** Gateways on one port, each of which starts where the one before it was killed. */
class Victims {
  readonly #surroundings = new Surroundings();
  /** What a clean run leaves. */
  #clean: readonly string[] = [];
  #running!: Program;
  #startMs = 0;
  #shutdownMs = 0;

  private constructor(private readonly port: number) {}

  static async create(): Promise<Victims> {
    const victims = new Victims(await freePort());
    const begun = performance.now();
    await victims.#start();
    victims.#startMs = performance.now() - begun;
    await victims.#connect();
    const told = performance.now();
    await victims.#stop();
    victims.#shutdownMs = performance.now() - told;
    victims.#clean = victims.#surroundings.snapshot();
    await victims.#start();
    return victims;
  }

  /**
   * Kills the one that runs, and starts the next.
   *
   * @param instant where in the stage, from 0 to 1
   * @returns whether it was still there to be killed
   */
  async kill(stage: Stage, instant: number): Promise<boolean> {
    const afterMs = await this.#bringTo(stage, instant);
    await delay(afterMs);
    this.#running.signal('SIGKILL');
    const { code, signal } = await this.#running.exit();
    const tooLate = stage === 'shutdown' && code === 0;
    if (tooLate) this.#shutdownMs = Math.min(this.#shutdownMs, afterMs);
    else expect(signal).toBe('SIGKILL');

    expect(this.#surroundings.snapshot()).toEqual(this.#clean);
    await this.#start().catch((cause: unknown) => {
      throw new Error(`no start after a kill ${afterMs.toFixed(1)} ms into: ${stage}`, { cause });
    });
    return !tooLate;
  }

  /** @returns after how many milliseconds to kill */
  async #bringTo(stage: Stage, instant: number): Promise<number> {
    if (stage === 'start') {
      await this.#stop();
      this.#running = this.#launch();
      // Most of a start is loading code; what could be left behind comes at its end.
      return this.#startMs * (1 - instant ** 2);
    }
    await this.#connect();
    if (stage === 'serving') return SERVING_MS * instant;
    this.#running.signal('SIGTERM');
    return this.#shutdownMs * instant;
  }

  /** A kill with connections open leaves sockets in every state on the port. */
  async #connect(): Promise<void> {
    for (const host of ['127.0.0.1', '[::1]']) {
      const client = await Operator.open(`ws://${host}:${this.port}`, { token: this.#surroundings.token() });
      void client.call('health').catch(() => undefined);
    }
  }

  #launch(): Program {
    return Program.node(BIN, ['gateway', '--port', this.port], this.#surroundings.options());
  }

  async #start(): Promise<void> {
    this.#running = this.#launch();
    await this.#running.output('stdout', new RegExp(`^gateway listening on ws://127.0.0.1:${this.port}$`, 'm'));
    expect(trouble(this.#running.stderr)).toBe('');
  }

  async #stop(): Promise<void> {
    this.#running.signal('SIGTERM');
    expect(await this.#running.exit()).toEqual({ code: 0, signal: null });
  }
}

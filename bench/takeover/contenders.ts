import { BIN, builtScript } from '../kit/built.js';
import { Child, type Exit } from '../kit/child.js';

const EXIT_ON_SIGNAL = builtScript('servers/exit-on-signal');

/** How a holder's life ends, and the signal that makes it so. */
export const SIGNAL_FOR = { SIGKILL: 'SIGKILL', SIGTERM: 'SIGTERM', exit: 'SIGUSR2' } as const;

export type End = keyof typeof SIGNAL_FOR;

export const ENDS = Object.keys(SIGNAL_FOR) as readonly End[];

/** Something of which one holds a port, and answers any `GET` of the card with its pid, while others wait for it. */
export interface Contender {
  readonly name: string;
  /** Starts one that holds the port, or waits for it. */
  readonly launch: (port: number) => Child;
  /** What it prints when it waits. */
  readonly waiting: RegExp;
  /** What it prints when it holds the port. */
  readonly holding: RegExp;
  /** What it prints when it goes on waiting, for a new holder; some do so without a word. */
  readonly waitingFor?: (pid: number) => RegExp;
  /** Whether waiting takes processor time, which would be missing where another contender is measured. */
  readonly spins: boolean;
  /** How the process ends by each of the ends. */
  readonly exits: Readonly<Record<End, Exit>>;
}

export const GATEWAY: Contender = {
  name: 'gateway --standby',
  launch: (port) => launch(BIN, ['gateway', '--port', String(port), '--standby']),
  waiting: /^.*standing by for .*\n/m,
  holding: /^gateway listening on/m,
  waitingFor: (pid) => new RegExp(`^.*standing by for .* pid ${pid}\\b`, 'm'),
  spins: false,
  exits: { SIGKILL: 'SIGKILL', SIGTERM: 0, exit: 3 },
};

export const BARE_BIND_LOOP: Contender = {
  name: 'bare bind loop',
  launch: (port) => launch(builtScript('servers/bare-bind-loop'), [String(port)]),
  waiting: /^waiting$/m,
  holding: /^holding$/m,
  spins: true,
  exits: { SIGKILL: 'SIGKILL', SIGTERM: 'SIGTERM', exit: 3 },
};

function launch(script: string, args: readonly string[]): Child {
  return new Child(['--import', EXIT_ON_SIGNAL, script, ...args]);
}

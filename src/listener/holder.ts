/** What a card says of the fleet of its gateway. */
export interface FleetOnCard {
  /** The name of the fleet. */
  readonly name: string;
  /** Whether this gateway is the one that works. */
  readonly role: 'active' | 'standby';
  /** In decimal, since JSON has no numbers of this size; `0` for one that was never active. */
  readonly token: string;
  /** The active gateway, where this one stands by and knows of it. */
  readonly active: {
    readonly host: string;
    readonly pid: number;
    readonly url: string | null;
    /** In milliseconds since the epoch. */
    readonly since: number;
  } | null;
}

/** What a gateway says of itself to every process that asks its port. Never a token, never a path. */
export interface GatewayCard {
  /** By which a gateway is told from other programs. */
  readonly service: 'openclaw-gateway';
  /** The process ID, as the gateway sees it: in a PID namespace of its own it is another than outside. */
  readonly pid: number;
  /** What the gateway is called; missing where it has no name of its own. */
  readonly name?: string;
  /** The name of its profile. */
  readonly profile: string;
  /** The version of its program. */
  readonly version: string;
  /** A phase that this version does not know is read as `starting`. */
  readonly phase: 'standby' | 'starting' | 'ready' | 'draining';
  /** When the process started, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** The first address that it listens on, as `ws://host:port`, IPv6 in brackets. */
  readonly url: string;
  /** A UUID, new with every start. */
  readonly instanceId: string;
  /** Missing where the gateway is in none. */
  readonly fleet?: FleetOnCard;
}

/** The process behind a listening socket, as far as the operating system tells. */
export interface PortOwner {
  /** The process ID, as this process sees it. */
  readonly pid: number;
  /** The number of its user; missing on Windows, and where it cannot be found out. */
  readonly uid?: number;
  /** The name of its user; missing on Windows, and where it cannot be found out. */
  readonly user?: string;
  /** Its program and arguments, joined by spaces, shortened, and safe to print. */
  readonly command?: string;
  /** When it started, in milliseconds since the epoch. */
  readonly startedAt?: number;
  /** Whether the title of the process says that it is a gateway. */
  readonly isGateway: boolean;
  /** Its process IDs in each PID namespace that it is in, where they are known (NSpid in proc_pid_status(5)). */
  readonly pidsInNamespaces: readonly number[];
}

/**
 * What was found behind a port or a local socket:
 *
 * - `ready`, `standby`, `starting`, `draining`: a gateway in that phase
 * - `stalled`: accepts connections and says nothing, or hangs up without an answer as a gateway without a free file
 *   descriptor does; the operating system finds a gateway, or, for one that says nothing, cannot tell
 * - `foreign`: something else listens
 * - `blocked`: bound, but nothing listens
 * - `waiting`: a service manager holds it, and starts the gateway again, or on the first connection; it was not connected to
 * - `unknown`: it could not be asked, for a reason of the process that asks: no file descriptor, no local port, a
 *   firewall. It says nothing about the holder.
 */
export type Verdict =
  'ready' | 'standby' | 'starting' | 'draining' | 'stalled' | 'foreign' | 'blocked' | 'waiting' | 'unknown';

/**
 * Whose socket it is. It is decided by the socket, and not by a process that has it open: any process may have inherited
 * it.
 *
 * - `proven`: the holder has answered with what only a process that can read the state folder of this user knows
 * - `same user`: the operating system says that a process of this user made the socket
 * - `other user`: it says that a process of another user did
 * - `unknown`: neither could be found out, which is treated as another user's
 */
export type Ownership = 'proven' | 'same user' | 'other user' | 'unknown';

/** Who holds a port or a state folder. */
export interface Holder {
  /** What was found behind it. */
  readonly verdict: Verdict;
  /**
   * The address that was asked, as `ws://host:port`. For a local socket, the address on the card, or `unknown address`.
   */
  readonly url: string;
  /** Whose it is. */
  readonly ownership: Ownership;
  /** With the verdicts `ready`, `standby`, `starting` and `draining`. */
  readonly card?: GatewayCard;
  /** Missing where the operating system does not say, or this user may not look. */
  readonly owner?: PortOwner;
  /** With the ownership `other user`: its name, where it has one. */
  readonly user?: string;
  /** The process ID on the card is not one that this process can use: the gateway runs in a PID namespace of its own. */
  readonly isPidForeign?: true;
  /** With the verdict `foreign`: the gateway of OpenClaw itself, which has the same title and no card. */
  readonly isOpenClaw?: true;
  /** With the verdict `foreign`: it answers as another process, which is a gateway, does. A tunnel does so. */
  readonly passesOn?: true;
  /** Why a gateway behind it does not let this process in, as it says itself. */
  readonly refusal?: string;
  /** With the verdict `waiting`: for which service it is held, by which manager, and what that does next. */
  readonly heldFor?: string;
  /** With the verdict `unknown`: why the holder could not be asked, as the code of an error: `EMFILE`. */
  readonly errno?: string;
}

/** What a gateway says of itself to whoever asks its port; never a token, never a path. */
export interface GatewayCard {
  readonly service: 'openclaw-gateway';
  readonly pid: number;
  readonly profile: string;
  readonly version: string;
  readonly phase: 'starting' | 'ready' | 'draining';
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly url: string;
  /** A UUID of its own for every start. */
  readonly instanceId: string;
}

/** The process behind a listening port, as far as the operating system tells. */
export interface PortOwner {
  readonly pid: number;
  readonly uid?: number;
  readonly user?: string;
  /** Its arguments, joined by spaces and shortened. */
  readonly command?: string;
  /** Milliseconds since the epoch. */
  readonly startedAt?: number;
  /** Its title says that it is a gateway. */
  readonly isGateway: boolean;
  /** Its numbers in the PID namespaces it is in, where they are known (NSpid in proc(5)). */
  readonly pidsInNamespaces: readonly number[];
}

/**
 * - `ready`, `starting`, `draining`: a gateway in that phase
 * - `stalled`: it accepts connections and says nothing; the operating system finds a gateway, or cannot look
 * - `foreign`: something else listens
 * - `blocked`: bound, but nothing listens
 */
export type Verdict = 'ready' | 'starting' | 'draining' | 'stalled' | 'foreign' | 'blocked';

/** Who holds a port or a profile. */
export interface Holder {
  readonly verdict: Verdict;
  /** The address that was asked, as `ws://host:port`; of a profile, the one on the card, or `unknown address`. */
  readonly url: string;
  readonly card?: GatewayCard;
  readonly owner?: PortOwner;
}

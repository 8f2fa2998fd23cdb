/** A client of the gateway: what `gateway.clients` answers for each. What it says of itself is not verified. */
export interface ClientEntry {
  /** A UUID, new for every connection. */
  readonly id: string;
  readonly clientId: string;
  readonly version: string;
  readonly platform: string;
  readonly mode: string;
  /** The IP address that it came from. */
  readonly ip: string;
  /** When it came, in milliseconds since the epoch. */
  readonly since: number;
  /** How many requests it has made. */
  readonly requests: number;
}

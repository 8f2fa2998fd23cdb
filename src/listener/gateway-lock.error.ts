import type { Endpoint, HostPort } from './endpoint.js';
import type { Holder } from './holder.js';
import { gatewayUrl } from './listen-address.js';

export type GatewayLockErrorCode = 'GATEWAY_ALREADY_LISTENING' | 'GATEWAY_BIND_FAILED' | 'GATEWAY_PROFILE_IN_USE';

/** The url of a holder that does not say where it listens. */
export const UNKNOWN_ADDRESS = 'unknown address';

interface ErrorFields {
  readonly message: string;
  readonly code: GatewayLockErrorCode;
  readonly address: HostPort;
  readonly url: string;
  readonly endpoint: Endpoint;
  readonly cause: NodeJS.ErrnoException;
  readonly holder?: Holder;
  readonly profile?: string;
  readonly derived?: string;
  readonly basePort?: number;
}

/**
 * The lock could not be taken. The first line of `message` is a contract that scripts may match on.
 */
export class GatewayLockError extends Error {
  override readonly name = 'GatewayLockError';
  /**
   * `GATEWAY_ALREADY_LISTENING`: somebody holds the port. `GATEWAY_PROFILE_IN_USE`: somebody holds the state folder.
   * `GATEWAY_BIND_FAILED`: it cannot be bound for any other reason.
   */
  readonly code: GatewayLockErrorCode;
  /** The address that failed, as `ws://host:port`, IPv6 in brackets; of a profile, where its holder says that it listens. */
  readonly url: string;
  /** The address that failed; of a profile, the one on which this gateway was to listen. */
  readonly address: HostPort;
  /** Where whoever is in the way can be asked. */
  readonly endpoint: Endpoint;
  /** The native error of bind(2) or listen(2). */
  override readonly cause: NodeJS.ErrnoException;
  /** Who is in the way, where that was asked. */
  readonly holder?: Holder;
  /** Whose state folder is in use. */
  readonly profile?: string;
  /** Which derived port it is that failed. */
  readonly derived?: string;
  /** The port that the derived one comes from. */
  readonly basePort?: number;

  readonly #fields: ErrorFields;

  private constructor(fields: ErrorFields) {
    const { message, code, url, address, endpoint, cause, holder, profile, derived, basePort } = fields;
    super(message, { cause });
    this.code = code;
    this.url = url;
    this.address = address;
    this.endpoint = endpoint;
    this.cause = cause;
    if (holder) this.holder = holder;
    if (profile !== undefined) this.profile = profile;
    if (derived !== undefined) this.derived = derived;
    if (basePort !== undefined) this.basePort = basePort;
    this.#fields = fields;
  }

  static alreadyListening(address: HostPort, cause: NodeJS.ErrnoException): GatewayLockError {
    const url = gatewayUrl(address.host, address.port);
    const message = `another gateway instance is already listening on ${url}`;
    return new GatewayLockError({
      message,
      code: 'GATEWAY_ALREADY_LISTENING',
      address,
      url,
      endpoint: address,
      cause,
    });
  }

  static bindFailed(address: HostPort, cause: NodeJS.ErrnoException): GatewayLockError {
    const url = gatewayUrl(address.host, address.port);
    const message = `failed to bind gateway socket on ${url}: ${cause.message}`;
    return new GatewayLockError({ message, code: 'GATEWAY_BIND_FAILED', address, url, endpoint: address, cause });
  }

  /** @param address where this gateway was to listen */
  static profileInUse(
    profile: string,
    address: HostPort,
    endpoint: Endpoint,
    cause: NodeJS.ErrnoException,
  ): GatewayLockError {
    const message = profileMessage(profile, UNKNOWN_ADDRESS);
    const url = UNKNOWN_ADDRESS;
    return new GatewayLockError({
      message,
      code: 'GATEWAY_PROFILE_IN_USE',
      address,
      url,
      endpoint,
      cause,
      profile,
    });
  }

  /** The same error, with what was found out about the holder. */
  heldBy(holder: Holder): GatewayLockError {
    const { profile } = this;
    if (profile === undefined) return new GatewayLockError({ ...this.#fields, holder });
    const { url } = holder;
    return new GatewayLockError({ ...this.#fields, message: profileMessage(profile, url), url, holder });
  }

  /** The same error, of a port that belongs to another one. */
  derivedFrom(basePort: number, derived: string): GatewayLockError {
    return new GatewayLockError({ ...this.#fields, basePort, derived });
  }
}

function profileMessage(profile: string, url: string): string {
  return `another gateway instance is already using profile ${profile} (${url})`;
}

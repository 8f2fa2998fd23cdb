import type { Endpoint, HostPort } from './endpoint.js';
import type { Holder } from './holder.js';
import { gatewayUrl } from './listen-address.js';

/**
 * - `GATEWAY_ALREADY_LISTENING`: another process holds the port
 * - `GATEWAY_PROFILE_IN_USE`: another process holds the state folder of the profile
 * - `GATEWAY_BIND_FAILED`: the port cannot be bound for any other reason
 */
export type GatewayLockErrorCode = 'GATEWAY_ALREADY_LISTENING' | 'GATEWAY_BIND_FAILED' | 'GATEWAY_PROFILE_IN_USE';

/** The URL of a holder that does not say where it listens. */
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
 *
 * @example
 * ```ts
 * await app.init().catch((error: unknown) => {
 *   if (error instanceof GatewayLockError && error.holder?.verdict === 'ready') return; // one is there already
 *   throw error;
 * });
 * ```
 */
export class GatewayLockError extends Error {
  override readonly name = 'GatewayLockError';
  /** What a program goes by. */
  readonly code: GatewayLockErrorCode;
  /**
   * The address that failed, as `ws://host:port`, IPv6 in brackets. With `GATEWAY_PROFILE_IN_USE` the address on the card
   * of the holder, or `unknown address`.
   */
  readonly url: string;
  /** The address that failed. With `GATEWAY_PROFILE_IN_USE` the address on which this gateway was to listen. */
  readonly address: HostPort;
  /** Where the holder can be asked. */
  readonly endpoint: Endpoint;
  /** The native error of bind(2) or listen(2). */
  override readonly cause: NodeJS.ErrnoException;
  /** The holder; missing where it was not asked for. */
  readonly holder?: Holder;
  /** The profile whose state folder is in use, with `GATEWAY_PROFILE_IN_USE`. */
  readonly profile?: string;
  /** The name of the derived port that failed; missing where it was the port itself. */
  readonly derived?: string;
  /** The port that the derived port counts from. */
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

  /** @internal */
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

  /** @internal */
  static bindFailed(address: HostPort, cause: NodeJS.ErrnoException): GatewayLockError {
    const url = gatewayUrl(address.host, address.port);
    const message = `failed to bind gateway socket on ${url}: ${cause.message}`;
    return new GatewayLockError({ message, code: 'GATEWAY_BIND_FAILED', address, url, endpoint: address, cause });
  }

  /**
   * @internal
   * @param address where this gateway was to listen
   */
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

  /**
   * The same error with its holder, whose address goes into the message of a profile.
   *
   * @internal
   */
  heldBy(holder: Holder): GatewayLockError {
    const { profile } = this;
    if (profile === undefined) return new GatewayLockError({ ...this.#fields, holder });
    const { url } = holder;
    return new GatewayLockError({ ...this.#fields, message: profileMessage(profile, url), url, holder });
  }

  /**
   * The same error, for a derived port.
   *
   * @internal
   */
  derivedFrom(basePort: number, derived: string): GatewayLockError {
    return new GatewayLockError({ ...this.#fields, basePort, derived });
  }
}

function profileMessage(profile: string, url: string): string {
  return `another gateway instance is already using profile ${profile} (${url})`;
}

/**
 * Whether the machine does not have the address of a gateway, which it may have soon: that of a VPN that is yet to be up, or
 * one of IPv6 that is still tentative (RFC 4862, 5.4).
 */
export function lacksAddress(error: unknown): error is GatewayLockError {
  return (
    error instanceof GatewayLockError && error.code === 'GATEWAY_BIND_FAILED' && error.cause.code === 'EADDRNOTAVAIL'
  );
}

/** Whether another process has what a start wanted: the port, a derived one, or the profile. */
export function isHeldByAnother(error: unknown): error is GatewayLockError {
  return error instanceof GatewayLockError && error.code !== 'GATEWAY_BIND_FAILED';
}

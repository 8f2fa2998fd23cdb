import type { Holder } from './holder.js';
import { gatewayUrl } from './listen-address.js';

export type GatewayLockErrorCode = 'GATEWAY_ALREADY_LISTENING' | 'GATEWAY_BIND_FAILED';

/** Where a lock could not be taken. */
export interface FailedAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * The lock could not be taken. The first line of `message` is a contract that scripts may match on.
 */
export class GatewayLockError extends Error {
  override readonly name = 'GatewayLockError';
  /** The address that failed, as `ws://host:port`, IPv6 in brackets. */
  readonly url: string;

  private constructor(
    message: string,
    /** `GATEWAY_ALREADY_LISTENING`: somebody holds the port. `GATEWAY_BIND_FAILED`: any other reason. */
    readonly code: GatewayLockErrorCode,
    readonly address: FailedAddress,
    /** The native error of bind(2) or listen(2). */
    override readonly cause: NodeJS.ErrnoException,
    /** Who holds the port, where that was asked. */
    readonly holder?: Holder,
  ) {
    super(message, { cause });
    this.url = gatewayUrl(address.host, address.port);
  }

  static alreadyListening(address: FailedAddress, cause: NodeJS.ErrnoException): GatewayLockError {
    const url = gatewayUrl(address.host, address.port);
    return new GatewayLockError(
      `another gateway instance is already listening on ${url}`,
      'GATEWAY_ALREADY_LISTENING',
      address,
      cause,
    );
  }

  static bindFailed(address: FailedAddress, cause: NodeJS.ErrnoException): GatewayLockError {
    const url = gatewayUrl(address.host, address.port);
    return new GatewayLockError(
      `failed to bind gateway socket on ${url}: ${cause.message}`,
      'GATEWAY_BIND_FAILED',
      address,
      cause,
    );
  }

  /** The same error, with what was found out about the holder. */
  heldBy(holder: Holder): GatewayLockError {
    return new GatewayLockError(this.message, this.code, this.address, this.cause, holder);
  }
}

export type GatewayLockErrorCode = 'GATEWAY_ALREADY_LISTENING' | 'GATEWAY_BIND_FAILED';

/**
 * The lock could not be taken. The first line of `message` is a contract that scripts may match on.
 */
export class GatewayLockError extends Error {
  override readonly name = 'GatewayLockError';

  private constructor(
    message: string,
    /** `GATEWAY_ALREADY_LISTENING`: somebody holds the port. `GATEWAY_BIND_FAILED`: any other reason. */
    readonly code: GatewayLockErrorCode,
    /** The address that failed, as `ws://host:port`, IPv6 in brackets. */
    readonly url: string,
    /** The native error of bind(2) or listen(2). */
    override readonly cause: NodeJS.ErrnoException,
  ) {
    super(message, { cause });
  }

  static alreadyListening(url: string, cause: NodeJS.ErrnoException): GatewayLockError {
    return new GatewayLockError(
      `another gateway instance is already listening on ${url}`,
      'GATEWAY_ALREADY_LISTENING',
      url,
      cause,
    );
  }

  static bindFailed(url: string, cause: NodeJS.ErrnoException): GatewayLockError {
    return new GatewayLockError(
      `failed to bind gateway socket on ${url}: ${cause.message}`,
      'GATEWAY_BIND_FAILED',
      url,
      cause,
    );
  }
}

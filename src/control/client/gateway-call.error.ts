import { briefly } from '../../common/printable.js';
import type { RequestError } from '../wire/frames.js';

/**
 * - `unreachable`: no process listens there
 * - `not a gateway`: what listens there does not speak the protocol
 * - `not ready`: it is starting, stopping, busy, or did not answer in time
 * - `not allowed`: the token is missing, wrong, or may not do that
 * - `unknown`: it was not asked: it cannot be told whose it is, or this process could not, such as without a descriptor
 * - `refused`: the gateway answered that it could not do it
 */
export type CallFailure = 'unreachable' | 'not a gateway' | 'not ready' | 'not allowed' | 'unknown' | 'refused';

/** The texts of a gateway are much shorter, with a path in them too. */
const MAX_CHARACTERS = 2_000;

/** Why a gateway did not do what it was asked. The message is one line, and shows no token. */
export class GatewayCallError extends Error {
  override readonly name = 'GatewayCallError';

  constructor(
    readonly code: CallFailure,
    message: string,
    /** What the gateway said, if it said something. */
    readonly answer?: RequestError,
  ) {
    // It may hold what the other side has said, at any length.
    super(briefly(message.trim(), MAX_CHARACTERS));
  }
}

import { GatewayLockError } from './lock/listener/gateway-lock.error.js';
import { InputError } from './profile/input.error.js';

/** How our programs end, so that a script needs to parse nothing. Named after sysexits(3) where it has a name. */
export const ExitCode = {
  STOPPED: 0,
  UNEXPECTED: 1,
  /** EX_USAGE: a flag, a variable or a value is wrong. */
  USAGE: 64,
  /** EX_OSERR: the port could not be bound for a reason other than that it is held. */
  BIND_FAILED: 71,
  /** EX_CONFIG: the port is held. */
  ALREADY_LISTENING: 78,
} as const;

export function exitCodeOf(error: unknown): number {
  if (error instanceof InputError) return ExitCode.USAGE;
  if (error instanceof GatewayLockError) {
    return error.code === 'GATEWAY_ALREADY_LISTENING' ? ExitCode.ALREADY_LISTENING : ExitCode.BIND_FAILED;
  }
  return ExitCode.UNEXPECTED;
}

/** What a person is shown: the message alone where it was written for them, with a stack where nobody foresaw it. */
export function describeError(error: unknown): string {
  if (error instanceof InputError || error instanceof GatewayLockError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

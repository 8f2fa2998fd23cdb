import { GatewayCallError, type CallFailure } from '../control/client/gateway-call.error.js';
import type { Holder, Verdict } from '../listener/holder.js';
import { GatewayLockError } from '../listener/gateway-lock.error.js';
import { FleetError, type FleetErrorCode } from '../fleet/fleet.error.js';
import { InputError } from '../common/input.error.js';
import { NotAllowedError } from '../common/not-allowed.error.js';
import { LaunchError, type LaunchFailure } from '../launcher/launch.error.js';
import { ServiceError, type ServiceFailure } from '../service/service.error.js';
import { isLaunchAgent } from '../service/supervisor.js';

/** The exit codes of our programs, so that a script needs to parse nothing; as in sysexits(3) where that has a code. */
export const ExitCode = {
  /** Stopped in order, or what was asked for is already so. */
  OK: 0,
  UNEXPECTED: 1,
  /** `status`: no process holds the port. `call` and `health`: no process listens there. */
  FREE: 3,
  /** EX_USAGE: a flag, a variable or a value is wrong. */
  USAGE: 64,
  /** EX_NOINPUT: `logs`: there is no log. */
  NO_LOG: 66,
  /** EX_UNAVAILABLE: a process that is no gateway holds the port. */
  FOREIGN: 69,
  /** EX_OSERR: the port cannot be bound, for a reason that does not pass by itself; or no process or file can be made. */
  BIND_FAILED: 71,
  /** EX_TEMPFAIL: there is no gateway that is ready; trying again later can help. */
  NOT_READY: 75,
  /** EX_NOPERM: the token is missing, wrong, or may not do that; or a file or folder is not this user's alone. */
  NOT_ALLOWED: 77,
  /** EX_CONFIG: a gateway that is ready, or stands by for its fleet, holds the port or the profile. */
  ALREADY_LISTENING: 78,
} as const;

/** Codes of a start that do not pass by themselves: a service manager is not to try again. */
const FINAL_CODES: readonly number[] = [
  ExitCode.USAGE,
  ExitCode.FOREIGN,
  ExitCode.BIND_FAILED,
  ExitCode.NOT_ALLOWED,
  ExitCode.ALREADY_LISTENING,
];

/**
 * What a gateway ends with. launchd starts an agent again unless it ends with 0, and knows no other code that is final
 * (launchd.plist(5), SuccessfulExit): so a start that is refused for good has to end with 0 there.
 */
export function exitCodeForManager(code: number, isAgent = isLaunchAgent()): number {
  return isAgent && FINAL_CODES.includes(code) ? ExitCode.OK : code;
}

const REFUSALS: Record<Verdict, number> = {
  ready: ExitCode.ALREADY_LISTENING,
  // It may stand by for months.
  standby: ExitCode.ALREADY_LISTENING,
  starting: ExitCode.NOT_READY,
  draining: ExitCode.NOT_READY,
  stalled: ExitCode.NOT_READY,
  blocked: ExitCode.NOT_READY,
  foreign: ExitCode.FOREIGN,
  waiting: ExitCode.NOT_READY,
  unknown: ExitCode.NOT_READY,
};

/** Errors of bind(2) and socket(2) that pass: an address that is not there yet, and what the machine has no more of now. */
const PASSING = new Set(['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

const CALL_FAILURES: Record<CallFailure, number> = {
  unreachable: ExitCode.FREE,
  'not a gateway': ExitCode.FOREIGN,
  'not ready': ExitCode.NOT_READY,
  'not allowed': ExitCode.NOT_ALLOWED,
  unknown: ExitCode.NOT_READY,
  refused: ExitCode.UNEXPECTED,
};

const LAUNCH_FAILURES: Record<LaunchFailure, number> = {
  held: ExitCode.NOT_READY,
  elsewhere: ExitCode.ALREADY_LISTENING,
  paused: ExitCode.NOT_READY,
  late: ExitCode.NOT_READY,
  died: ExitCode.NOT_READY,
  'not started': ExitCode.BIND_FAILED,
  'no storage': ExitCode.BIND_FAILED,
  'no log': ExitCode.NO_LOG,
};

const SERVICE_FAILURES: Record<ServiceFailure, number> = {
  'not there': ExitCode.BIND_FAILED,
  foreign: ExitCode.FOREIGN,
  'not started': ExitCode.NOT_READY,
  failed: ExitCode.UNEXPECTED,
};

const FLEET_FAILURES: Record<FleetErrorCode, number> = {
  GATEWAY_FLEET_IN_USE: ExitCode.ALREADY_LISTENING,
  GATEWAY_FLEET_STRANGER: ExitCode.FOREIGN,
  GATEWAY_FLEET_UNREACHABLE: ExitCode.NOT_READY,
  GATEWAY_FLEET_NOT_ALLOWED: ExitCode.NOT_ALLOWED,
  GATEWAY_FLEET_UNFIT: ExitCode.USAGE,
  GATEWAY_FLEET_LOST: ExitCode.UNEXPECTED,
};

/** The exit code of a start that this holder refuses. */
export function exitCodeOfHolder({ verdict }: Holder): number {
  return REFUSALS[verdict];
}

/** The exit code of a program that an error ends. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InputError) return ExitCode.USAGE;
  if (error instanceof NotAllowedError) return ExitCode.NOT_ALLOWED;
  if (error instanceof GatewayCallError) return CALL_FAILURES[error.code];
  if (error instanceof LaunchError) return error.exitCode ?? LAUNCH_FAILURES[error.code];
  if (error instanceof ServiceError) return SERVICE_FAILURES[error.code];
  if (error instanceof FleetError) {
    const mayPass = error.code === 'GATEWAY_FLEET_IN_USE' && error.holder?.answers !== true;
    return mayPass ? ExitCode.NOT_READY : FLEET_FAILURES[error.code];
  }
  if (error instanceof GatewayLockError) {
    if (error.code === 'GATEWAY_BIND_FAILED') {
      return PASSING.has(error.cause.code ?? '') ? ExitCode.NOT_READY : ExitCode.BIND_FAILED;
    }
    // Where the holder was not asked, trying again is the safe advice.
    return error.holder ? exitCodeOfHolder(error.holder) : ExitCode.NOT_READY;
  }
  return ExitCode.UNEXPECTED;
}

/** Whether the message alone tells a person what went wrong. */
export function isForPeople(error: unknown): error is Error {
  return (
    error instanceof InputError ||
    error instanceof NotAllowedError ||
    error instanceof FleetError ||
    error instanceof GatewayLockError ||
    error instanceof GatewayCallError ||
    error instanceof LaunchError ||
    error instanceof ServiceError
  );
}

/** What a person is shown of an error: the message alone where it was written for people, else the stack too. */
export function describeError(error: unknown): string {
  if (isForPeople(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

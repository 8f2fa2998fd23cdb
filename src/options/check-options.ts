import { InputError } from '../common/input.error.js';
import { isWholeNumber } from '../common/whole-number.js';
import { MAX_PORT } from '../listener/listen-address.js';
import type { FleetTimingOptions } from './fleet.options.js';
import type { GatewayLockOptions } from './gateway-lock.options.js';

/** Node runs a timer with a longer delay at once (`setTimeout`). */
const MAX_TIMER_MS = 2_147_483_647;

/** Throws if the value of the option at `path` cannot be used. */
type Check = (value: unknown, path: string) => void;

/** A check for each option: TypeScript refuses this table when an option is added or renamed, and this is not. */
type Checks<Options> = { readonly [Name in keyof Required<Options>]: Check };

const text: Check = ofType('string', 'a string');
const callback: Check = ofType('function', 'a function');
const flag: Check = (value, path) => {
  if (typeof value === 'boolean') return;
  const wayOut =
    typeof value === 'string' ? `is a string: compare it, as in value === 'true'` : 'is neither true nor false';
  throw new InputError(`${path}: ${JSON.stringify(value)} ${wayOut}`);
};
const texts = listOf(text);
const milliseconds = number(1, MAX_TIMER_MS);
const count = number(1);

const CHECKS: Checks<GatewayLockOptions> = {
  host: text,
  port: number(0, MAX_PORT),
  ipv6Only: flag,
  listener: (value, path) => {
    if (typeof (value as { adopt?: unknown } | null)?.adopt !== 'function') {
      throw new InputError(`${path}: this is no listener: give what claimListener() resolves with, after await`);
    }
  },
  claim: callback,
  shutdownGraceMs: number(0, MAX_TIMER_MS),
  shutdownDeadlineMs: milliseconds,
  probePaths: texts,
  acquire: group<NonNullable<GatewayLockOptions['acquire']>>({
    wait: oneOf('fail', 'standby'),
    identify: flag,
    onWait: callback,
    onWaitForAddress: callback,
  }),
  fleet: group<NonNullable<GatewayLockOptions['fleet']>>({
    name: text,
    url: (value, path) => {
      if (typeof value !== 'function') text(value, path);
    },
    strict: flag,
    takeOver: flag,
    advertise: text,
    timing: group<FleetTimingOptions>({ heartbeatMs: milliseconds, leaseMs: milliseconds, sessionMs: milliseconds }),
  }),
  identity: group<NonNullable<GatewayLockOptions['identity']>>({
    name: text,
    profile: text,
    version: text,
    command: text,
  }),
  stateFolder: text,
  // Whose names are free, and whose numbers are checked together with the port.
  derived: ofType('object', 'an object'),
  protocol: oneOf('nest', 'openclaw'),
  auth: group<NonNullable<GatewayLockOptions['auth']>>({
    token: text,
    tokens: listOf(
      group<{ token: string; scopes: string[] }>({
        token: text,
        scopes: listOf(oneOf('operator.read', 'operator.write', 'operator.admin')),
      }),
    ),
    tokenFile: text,
  }),
  callers: group<NonNullable<GatewayLockOptions['callers']>>({
    hosts: texts,
    origins: texts,
    trustedProxies: texts,
  }),
  clients: group<NonNullable<GatewayLockOptions['clients']>>({
    maxHandshakes: count,
    handshakeTimeoutMs: milliseconds,
    maxRequests: count,
    tickIntervalMs: milliseconds,
    logRequests: flag,
  }),
  http: group<NonNullable<GatewayLockOptions['http']>>({
    headersTimeoutMs: milliseconds,
    requestTimeoutMs: milliseconds,
    keepAliveTimeoutMs: milliseconds,
    stalledTimeoutMs: milliseconds,
    maxIdleConnections: count,
  }),
  ws: group<NonNullable<GatewayLockOptions['ws']>>({
    maxPayloadBytes: count,
    maxConnections: count,
    maxBufferedBytes: count,
    pingIntervalMs: milliseconds,
    messageParser: callback,
  }),
};

/**
 * Checks options that may come from JavaScript, or from a `ConfigService`, which types do not reach.
 *
 * @returns the options, unchanged
 * @throws {InputError} one line that names the option and the rule; a value that may be a token is never shown
 */
export function checkOptions(options: unknown): GatewayLockOptions {
  if (options === undefined) {
    throw new InputError(
      'GatewayLockModule has no options: import GatewayLockModule.forRoot(), or return them from the factory of forRootAsync',
    );
  }
  checkGroup(options, '', CHECKS);
  const checked = options as GatewayLockOptions;
  const { protocol, auth } = checked;
  if (auth !== undefined && protocol !== 'openclaw') {
    throw new InputError(
      "auth: protocol 'nest' asks clients for no token: give protocol: 'openclaw', or leave auth out",
    );
  }
  return checked;
}

function number(min: number, max = Number.MAX_SAFE_INTEGER): Check {
  return (value, path) => {
    if (typeof value === 'string')
      throw new InputError(`${path}: ${JSON.stringify(value)} is a string: give Number(…)`);
    if (isWholeNumber(value, min, max)) return;
    throw new InputError(`${path}: ${nameOf(value)} is out of range: give a whole number from ${min} to ${max}`);
  };
}

function oneOf(...allowed: readonly string[]): Check {
  return (value, path) => {
    if (allowed.some((one) => one === value)) return;
    const choice = allowed.map((one) => JSON.stringify(one)).join(' or ');
    throw new InputError(
      `${path}: ${typeof value === 'string' ? JSON.stringify(value) : nameOf(value)} is not known: give ${choice}`,
    );
  };
}

function ofType(type: string, wanted: string): Check {
  return (value, path) => {
    if (typeof value === type && value !== null) return;
    throw new InputError(`${path}: ${nameOf(value)} cannot be used: give ${wanted}`);
  };
}

function listOf(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw new InputError(`${path}: ${nameOf(value)} cannot be used: give a list`);
    for (const [index, one] of value.entries()) check(one, `${path}[${index}]`);
  };
}

function group<Options>(checks: Checks<Options>): Check {
  return (value, path) => checkGroup(value, `${path}.`, checks);
}

function checkGroup(value: unknown, prefix: string, checks: Readonly<Record<string, Check>>): void {
  if (typeof value !== 'object' || value === null) {
    throw new InputError(`${prefix.slice(0, -1) || 'options'}: ${nameOf(value)} cannot be used: give an object`);
  }
  for (const [name, one] of Object.entries(value)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!check) {
      throw new InputError(`${prefix}${name}: there is no such option: give ${Object.keys(checks).join(', ')}`);
    }
    // As in a destructuring, that counts as not given.
    if (one !== undefined) check(one, prefix + name);
  }
}

/** A number as it is, and the kind of anything else, which may be a secret. */
function nameOf(value: unknown): string {
  if (typeof value === 'number' || value === null) return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

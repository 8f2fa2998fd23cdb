import type { ClaimOptions } from '../listener/claim-listener.js';
import type { ClaimedListener } from '../listener/claimed-listener.js';
import { DEFAULT_HOST, DEFAULT_PORT } from '../listener/listen-address.js';
import {
  CALLERS_DEFAULTS,
  CLIENT_DEFAULTS,
  type AuthOptions,
  type CallersOptions,
  type CallersSettings,
  type ClientLimits,
  type ClientSettings,
} from './access.options.js';
import { checkDerivedPorts, type DerivedPorts } from './derived-ports.js';
import { FLEET_DEFAULTS, FLEET_TIMING_DEFAULTS, type FleetOptions, type FleetSettings } from './fleet.options.js';
import {
  ACQUIRE_DEFAULTS,
  identityDefaults,
  type AcquireOptions,
  type AcquireSettings,
  type IdentityOptions,
  type IdentitySettings,
} from './holder.options.js';
import {
  HTTP_DEFAULTS,
  WS_DEFAULTS,
  type GatewayHttpOptions,
  type GatewayWsOptions,
  type HttpSettings,
  type WsSettings,
} from './serving.options.js';

/**
 * What `GatewayLockModule.forRoot` takes, and the factory of `forRootAsync` returns. Every option has a default: without
 * any, a gateway holds port 18789 on loopback and speaks Nest's own message format.
 *
 * @throws {InputError} from the creation of the app: an option that is unknown, or cannot be used; from `app.init()`: a
 * host, or a derived port of a port that was not known before
 */
export interface GatewayLockOptions extends ClaimOptions {
  /**
   * A listener that was claimed before the app was created. `host`, `port` and `ipv6Only` are then not used.
   * @default the module claims one, from `host`, `port` and `ipv6Only`
   */
  listener?: ClaimedListener;
  /**
   * Takes the port in place of a bind.
   *
   * @internal
   */
  claim?: () => Promise<ClaimedListener>;
  /**
   * How long clients and running requests are given at shutdown before they are cut off, in milliseconds.
   * @default 1000
   */
  shutdownGraceMs?: number;
  /**
   * How long the whole shutdown of the app may take before `GatewayLockService.overdue` reports it, in milliseconds.
   * @default 5000
   */
  shutdownDeadlineMs?: number;
  /**
   * HTTP paths that the app answers in every phase. All others get 503 unless the gateway is ready.
   * @default ['/healthz', '/health', '/startupz', '/startup', '/readyz', '/ready', '/metrics']
   */
  probePaths?: readonly string[];
  /**
   * What happens where the port is held: the start fails, or waits as a standby.
   * @default {}
   */
  acquire?: AcquireOptions;
  /**
   * Makes this gateway one of several, on several hosts, of which one is active at a time. The others stand by with
   * `acquire: { wait: 'standby' }`. Needs the package `pg`.
   * @default none: every gateway works
   */
  fleet?: FleetOptions;
  /**
   * What the gateway is called, on its card and in the advice of its refusals.
   * @default {}
   */
  identity?: IdentityOptions;
  /**
   * The folder where a gateway of this profile keeps its files. Made for this user alone if it is missing, and held
   * together with the port, so that no second gateway uses it on any port.
   * @default none: only the port is held
   */
  stateFolder?: string;
  /**
   * Further ports, held together with the port and on the same hosts, for servers of the same gateway. Each has a name,
   * and how much greater it is than the port: 1 to 19. See `GatewayLockService.derived`.
   * @default {}
   * @throws {InputError} an offset is out of range or given twice, or a port would be beyond 65535
   */
  derived?: DerivedPorts;
  /**
   * What is spoken over WebSockets. `nest`: the `{"event", "data"}` of Nest's own adapter, without a handshake.
   * `openclaw`: the protocol of the control port, with tokens, requests and numbered events.
   * @default 'nest'
   */
  protocol?: 'nest' | 'openclaw';
  /**
   * The tokens of `protocol: 'openclaw'`.
   * @default {}
   */
  auth?: AuthOptions;
  /**
   * Which callers are let in beside those of this machine.
   * @default {}
   */
  callers?: CallersOptions;
  /**
   * Limits on the clients of `protocol: 'openclaw'`.
   * @default {}
   */
  clients?: ClientLimits;
  /**
   * Limits on HTTP connections.
   * @default {}
   */
  http?: GatewayHttpOptions;
  /**
   * Limits on WebSockets, and the format of their messages.
   * @default {}
   */
  ws?: GatewayWsOptions;
}

/** The options with every default filled in. */
export interface GatewayLockSettings
  extends
    Required<Omit<GatewayLockOptions, 'listener' | 'claim' | 'stateFolder' | 'fleet'>>,
    Pick<GatewayLockOptions, 'listener' | 'stateFolder'> {
  /** @internal */
  claim?: () => Promise<ClaimedListener>;
  acquire: AcquireSettings;
  identity: IdentitySettings;
  callers: CallersSettings;
  clients: ClientSettings;
  fleet?: FleetSettings;
  http: HttpSettings;
  ws: WsSettings;
}

/**
 * Fills in the defaults. No other place says one: the parts of the options have theirs beside them, for this function.
 *
 * @throws {InputError} a derived port that cannot be used
 */
export function withDefaults({ fleet, ...options }: GatewayLockOptions): GatewayLockSettings {
  const settings = fill<GatewayLockSettings>(
    {
      host: DEFAULT_HOST,
      port: DEFAULT_PORT,
      ipv6Only: false,
      shutdownGraceMs: 1_000,
      shutdownDeadlineMs: 5_000,
      probePaths: ['/healthz', '/health', '/startupz', '/startup', '/readyz', '/ready', '/metrics'],
      derived: {},
      protocol: 'nest',
      auth: {},
    },
    {
      ...options,
      acquire: fill(ACQUIRE_DEFAULTS, options.acquire),
      ...(fleet && {
        fleet: fill<FleetSettings>(FLEET_DEFAULTS, {
          ...fleet,
          timing: fill(FLEET_TIMING_DEFAULTS, fleet.timing),
        }),
      }),
      identity: fill(identityDefaults(), options.identity),
      callers: withAdvertised(fill<CallersSettings>(CALLERS_DEFAULTS, options.callers), fleet?.advertise),
      clients: fill(CLIENT_DEFAULTS, options.clients),
      http: fill(HTTP_DEFAULTS, options.http),
      ws: fill(WS_DEFAULTS, options.ws),
    },
  );
  checkDerivedPorts(settings.derived, settings.listener ? settings.listener.port : settings.port);
  return settings;
}

/** Other hosts pass their clients on by the name under which this gateway is to be reached. */
function withAdvertised(callers: CallersSettings, advertise = ''): CallersSettings {
  if (!URL.canParse(advertise)) return callers;
  return { ...callers, hosts: [...callers.hosts, new URL(advertise).host] };
}

/** Puts the given values over the defaults. One that is `undefined` counts as not given, as in a destructuring. */
function fill<Settings extends object>(defaults: Partial<Settings>, given: Partial<Settings> = {}): Settings {
  const values = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(values) } as Settings;
}

import {
  Global,
  Logger,
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  type FactoryProvider,
  type Type,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer, type AbstractHttpAdapter } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { hostname } from 'node:os';

import { descriptorLimit } from './common/descriptors.js';
import { GatewayClients } from './control/clients/gateway-clients.service.js';
import { AccessControl } from './control/access/access-control.service.js';
import { MetricsReport } from './control/metrics/metrics-report.js';
import { Metrics } from './control/metrics/metrics.service.js';
import { ControlProtocolModule } from './control/protocol/control-protocol.module.js';
import { OpenclawFormat } from './control/protocol/openclaw-format.js';
import { catchBelowFilters } from './control/protocol/request-filter.js';
import { NoFleet, FleetLease } from './fleet/fleet-lease.js';
import { checkFleet } from './fleet/fleet-settings.js';
import { FleetService } from './fleet/fleet.service.js';
import { acquireLock, whoIsThere } from './holder/acquire-lock.js';
import { CARD_PATH } from './holder/card.js';
import { GatewayCardService } from './holder/gateway-card.service.js';
import { HolderWatches } from './holder/holder-watches.js';
import { WATCH_PATH } from './holder/watch-holder.js';
import type { Endpoint } from './listener/endpoint.js';
import type { Holder } from './listener/holder.js';
import { addressOfUrl } from './listener/listen-address.js';
import { OutermostHooksModule } from './lock/outermost-hooks.module.js';
import { GatewayLockService, type GatewayLockParts } from './lock/gateway-lock.service.js';
import { GatewayShutdown } from './lock/gateway-shutdown.js';
import { placeInHookOrder } from './lock/hook-order.js';
import { ShutdownDeadline } from './lock/shutdown-deadline.js';
import { checkOptions } from './options/check-options.js';
import {
  ConfigurableModuleClass,
  GATEWAY_LOCK_SETTINGS,
  MODULE_OPTIONS_TOKEN,
} from './options/gateway-lock.module-definition.js';
import { withDefaults, type GatewayLockOptions, type GatewayLockSettings } from './options/gateway-lock.options.js';
import { DescriptorReserve } from './serving/descriptor-reserve.js';
import { createGatewayHttp, GatewayHttpServer } from './serving/gateway-http.server.js';
import { GatewayState } from './serving/gateway-state.js';
import { GatewayWebSockets } from './serving/gateway-websockets.js';
import { GatewayWsAdapter } from './serving/gateway-ws.adapter.js';
import { NestFormat } from './serving/nest-format.js';
import type { WsFormat } from './serving/ws-format.js';
import { takeProfileLock, type ProfileLock } from './state-folder/profile-lock.js';
import { obtainProofSecret } from './state-folder/proof-secret.js';
import { whoHoldsLock } from './state-folder/who-holds-profile.js';

/** The parts of one gateway, by their classes. */
const GATEWAY_PARTS = Symbol('GATEWAY_PARTS');
type GatewayParts = ReturnType<typeof buildGateway>;

/** Puts a gateway together: here stands which part is given which. */
function buildGateway(
  settings: GatewayLockSettings,
  access: AccessControl,
  openclaw: OpenclawFormat,
  clients: GatewayClients,
  metrics: Metrics,
  config: ApplicationConfig,
  adapterHost: HttpAdapterHost,
  modules: ModulesContainer,
) {
  const state = new GatewayState();
  const deadline = new ShutdownDeadline(settings.shutdownDeadlineMs);
  const reserve = new DescriptorReserve(descriptorLimit());
  const maxConnections = Math.min(settings.ws.maxConnections, reserve.mostClients);
  const fleet = fleetOf(settings, maxConnections);
  const card = new GatewayCardService(settings.identity, state, fleet);
  const watches = new HolderWatches();
  const http = createGatewayHttp(settings);
  const format = formatOf(settings, openclaw, modules);
  const webSockets = new GatewayWebSockets({ ...settings.ws, maxConnections }, state, access, format);
  const adapter = new GatewayWsAdapter(http, webSockets, settings.ws);
  const server = new GatewayHttpServer({
    http,
    settings,
    state,
    access,
    reserve,
    routes: new Map([
      [CARD_PATH, card.answer],
      [WATCH_PATH, watches.answer],
    ]),
    upgrade: (request, socket, head) => webSockets.upgrade(request, socket, head),
    standIn: fleet?.relay,
    // Nest sets the adapter after the providers are made.
    app: () => (adapterHost.httpAdapter as AbstractHttpAdapter<Server>).getHttpServer(),
  });
  // What only the program around the app can do, it says itself: `GatewayLockService.runBy`, which `runGateway` calls.
  const lock = new GatewayLockService({
    settings,
    state,
    server,
    adapter,
    shutdown: new GatewayShutdown({ settings, state, server, webSockets, deadline }),
    deadline,
    ...stateFolderParts(settings, card),
    activation: fleet,
    config,
    adapterHost,
  });
  const report = new MetricsReport(metrics, state, webSockets, clients, fleet);
  return { state, deadline, card, watches, webSockets, adapter, server, lock, report, lease: fleet ?? new NoFleet() };
}

function fleetOf({ fleet, acquire, identity }: GatewayLockSettings, maxConnections: number): FleetService | undefined {
  if (!fleet) return undefined;
  checkFleet(fleet);
  const { name, advertise } = fleet;
  const member = { fleet: name, instance: randomUUID(), host: hostname(), version: identity.version, advertise };
  return new FleetService({ settings: fleet, wait: acquire.wait, member, maxConnections });
}

/** The format that is spoken over WebSockets. */
function formatOf(
  { protocol, ws }: GatewayLockSettings,
  openclaw: OpenclawFormat,
  modules: ModulesContainer,
): WsFormat {
  if (protocol === 'nest') return new NestFormat(new Logger('gateway/ws'), ws.messageParser);
  catchBelowFilters(modules);
  return openclaw;
}

/** Holds the state folder together with the port, where there is one, and proves with its secret whose gateway it is. */
function stateFolderParts(
  { stateFolder, acquire, identity: { profile } }: GatewayLockSettings,
  card: GatewayCardService,
): Pick<GatewayLockParts, 'acquire' | 'furtherLocks' | 'onHeld'> {
  if (stateFolder === undefined) {
    return {
      acquire: (claim, signal) => acquireLock(claim, acquire, signal),
      furtherLocks: [],
      onHeld: () => undefined,
    };
  }
  const ask = (endpoint: Endpoint): Promise<Holder> =>
    'socketPath' in endpoint ? whoHoldsLock(endpoint, stateFolder) : whoIsThere(endpoint);
  let lock: ProfileLock | undefined;
  return {
    acquire: (claim, signal) => acquireLock(claim, acquire, signal, ask),
    furtherLocks: [
      async ({ url }) => (lock = await takeProfileLock({ stateFolder, profile, address: addressOfUrl(url) })),
    ],
    onHeld: () => lock && card.proveWith(obtainProofSecret(stateFolder), lock.socketPath),
  };
}

/** Provides one of the parts under its class. */
function part<T>(
  type: Type<T> | (abstract new (...args: never[]) => T),
  take: (parts: GatewayParts) => T,
): FactoryProvider<T> {
  return { provide: type, inject: [GATEWAY_PARTS], useFactory: take };
}

const PARTS = [
  part(GatewayState, ({ state }) => state),
  part(ShutdownDeadline, ({ deadline }) => deadline),
  part(GatewayCardService, ({ card }) => card),
  part(HolderWatches, ({ watches }) => watches),
  part(GatewayWebSockets, ({ webSockets }) => webSockets),
  part(GatewayWsAdapter, ({ adapter }) => adapter),
  part(GatewayHttpServer, ({ server }) => server),
  part(GatewayLockService, ({ lock }) => lock),
  part(FleetLease, ({ lease }) => lease),
  part(MetricsReport, ({ report }) => report),
];

/**
 * Makes an app a gateway that exists once per port, and once per state folder: import it in the root module with
 * `forRoot` or `forRootAsync`, and start the app with `runGateway`, or with `app.init()`.
 *
 * @throws {GatewayLockError} through `app.init()`: the port or the state folder is held, or cannot be bound
 * @example
 * ```ts
 * @Module({ imports: [GatewayLockModule.forRoot({ port: 18789 })], providers: [ChatGateway] })
 * class AppModule {}
 * ```
 */
@Global()
@Module({
  imports: [OutermostHooksModule, ControlProtocolModule],
  providers: [
    {
      provide: GATEWAY_LOCK_SETTINGS,
      useFactory: (options: unknown) => withDefaults(checkOptions(options)),
      inject: [{ token: MODULE_OPTIONS_TOKEN, optional: true }],
    },
    {
      provide: GATEWAY_PARTS,
      useFactory: buildGateway,
      inject: [
        GATEWAY_LOCK_SETTINGS,
        AccessControl,
        OpenclawFormat,
        GatewayClients,
        Metrics,
        ApplicationConfig,
        HttpAdapterHost,
        ModulesContainer,
      ],
    },
    ...PARTS,
  ],
  exports: [GATEWAY_LOCK_SETTINGS, ControlProtocolModule, ...PARTS],
})
export class GatewayLockModule extends ConfigurableModuleClass {
  /** The module with options given here. Without any, every option has its default. */
  static override forRoot(options: GatewayLockOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * The module with options that come from elsewhere in the app, such as from its configuration.
   *
   * @example
   * ```ts
   * GatewayLockModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ port: Number(config.get('PORT', 18789)) }),
   * });
   * ```
   */
  static override forRootAsync(options: ConfigurableModuleAsyncOptions<GatewayLockOptions>): DynamicModule {
    return super.forRootAsync(options);
  }

  constructor(modules: ModulesContainer) {
    super();
    const imported = [...modules.values()].filter(({ metatype }) => metatype === GatewayLockModule);
    if (imported.length > 1) {
      throw new Error(
        'GatewayLockModule is imported more than once: an app has one gateway, import it in the root module',
      );
    }
    placeInHookOrder(modules, GatewayLockModule, Infinity);
  }
}

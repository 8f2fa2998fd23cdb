export { InputError } from './common/input.error.js';
export { NotAllowedError } from './common/not-allowed.error.js';
export { RequireScope, ScopeGuard } from './control/clients/scope.guard.js';
export { callGateway, type CallOptions } from './control/client/call-gateway.js';
export { GatewayCallError, type CallFailure } from './control/client/gateway-call.error.js';
export type { GatewayClient } from './control/clients/gateway-client.js';
export { GatewayClients } from './control/clients/gateway-clients.service.js';
export { ControlMethodsModule } from './control/methods/control-methods.module.js';
export type {
  ConfigFileState,
  ControlOptions,
  LogTail,
  LogTailQuery,
  RestartOutcome,
} from './control/methods/control-methods.options.js';
export type { RequestError, StateVersion } from './control/wire/frames.js';
export { ParamsPipe } from './control/protocol/params.pipe.js';
export { GatewayRequestException } from './control/wire/request-error.js';
export { GatewayLockModule } from './gateway-lock.module.js';
export { FleetLease, type FencedClient } from './fleet/fleet-lease.js';
export { FleetError, FleetLostError, type FleetErrorCode, type FleetHolder } from './fleet/fleet.error.js';
export type { FleetOptions, FleetTimingOptions } from './options/fleet.options.js';
export { whoHolds, type WhoHoldsOptions } from './holder/who-holds.js';
export { LaunchError, type GuardHolder, type LaunchFailure } from './launcher/launch.error.js';
export { PidGuard } from './launcher/pid-guard.js';
export type { AuthOptions, CallersOptions, ClientLimits, ClientScope } from './options/access.options.js';
export type { GatewayLockOptions } from './options/gateway-lock.options.js';
export type { AcquireOptions, IdentityOptions } from './options/holder.options.js';
export type { GatewayHttpOptions, GatewayWsOptions, WsMessage, WsMessageParser } from './options/serving.options.js';
export type { GatewayPhase } from './serving/gateway-state.js';
export { GatewayLockService } from './lock/gateway-lock.service.js';
export type { DerivedPorts } from './options/derived-ports.js';
export { GatewayWsAdapter } from './serving/gateway-ws.adapter.js';
export type { ShutdownNotice } from './serving/ws-session.js';
export { claimListener, type ClaimOptions } from './listener/claim-listener.js';
export type { BoundAddress, ClaimedListener, ListenerLoss } from './listener/claimed-listener.js';
export type { Endpoint, HostPort, LocalSocket } from './listener/endpoint.js';
export { GatewayLockError, type GatewayLockErrorCode } from './listener/gateway-lock.error.js';
export type { FleetOnCard, GatewayCard, Holder, Ownership, PortOwner, Verdict } from './listener/holder.js';
export { ControlPageModule } from './page/control-page.module.js';
export type { ControlPageOptions } from './page/control-page.options.js';
export type { PageCheck, ProfilePort } from './page/page-data.js';
export { runGateway, type RunOptions } from './process/run-gateway.js';
export { StopSignals, type StopSignal } from './process/stop-signals.js';

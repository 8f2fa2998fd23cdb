export { RequireScope, ScopeGuard } from './control/clients/scope.guard.js';
export { callGateway, type CallOptions } from './control/client/call-gateway.js';
export { GatewayCallError, type CallFailure } from './control/client/gateway-call.error.js';
export type { GatewayClient } from './control/clients/gateway-client.js';
export { GatewayClients } from './control/clients/gateway-clients.service.js';
export { ControlMethodsModule } from './control/methods/control-methods.module.js';
export type { ConfigFileState, ControlOptions } from './control/methods/control.options.js';
export type { RequestError } from './control/wire/frames.js';
export { ParamsPipe } from './control/protocol/params.pipe.js';
export { GatewayRequestException } from './control/wire/request-error.js';
export { GatewayLockModule } from './gateway-lock.module.js';
export { whoHolds, type WhoHoldsOptions } from './holder/who-holds.js';
export { LaunchError, type GuardHolder, type LaunchFailure } from './launcher/launch.error.js';
export { PidGuard } from './launcher/pid-guard.js';
export type {
  AcquireOptions,
  AuthOptions,
  CallersOptions,
  ClientLimits,
  ClientScope,
  GatewayHttpOptions,
  GatewayLockOptions,
  GatewayWsOptions,
  IdentityOptions,
  WsMessage,
  WsMessageParser,
} from './options/gateway-lock.options.js';
export type { GatewayPhase } from './serving/gateway-state.js';
export { GatewayLockService } from './lock/gateway-lock.service.js';
export type { DerivedPorts } from './options/derived-ports.js';
export { GatewayWsAdapter } from './serving/gateway-ws.adapter.js';
export type { ShutdownNotice } from './serving/ws-session.js';
export { claimListener, type ClaimOptions } from './listener/claim-listener.js';
export type { BoundAddress, ClaimedListener, ListenerLoss } from './listener/claimed-listener.js';
export type { Endpoint, HostPort, LocalSocket } from './listener/endpoint.js';
export { GatewayLockError, type GatewayLockErrorCode } from './listener/gateway-lock.error.js';
export type { GatewayCard, Holder, PortOwner, Verdict } from './listener/holder.js';
export { runGateway, type RunOptions } from './process/run-gateway.js';
export { StopSignals, type StopSignal } from './process/stop-signals.js';

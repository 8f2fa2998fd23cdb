export { RequireScope, ScopeGuard } from './control/access/scope.guard.js';
export { callGateway, type CallOptions } from './control/client/call-gateway.js';
export { GatewayCallError, type CallFailure } from './control/client/gateway-call.error.js';
export type { GatewayClient } from './control/clients/gateway-client.js';
export { GatewayClients } from './control/clients/gateway-clients.service.js';
export { ControlModule } from './control/control.module.js';
export type { ControlOptions } from './control/control.options.js';
export type { RequestError } from './control/protocol/frames.js';
export { ParamsPipe } from './control/protocol/params.pipe.js';
export { GatewayRequestException } from './control/protocol/request-error.js';
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
} from './lock/gateway-lock.options.js';
export type { GatewayPhase } from './lock/gateway-lock.server.js';
export { GatewayLockService } from './lock/gateway-lock.service.js';
export type { DerivedPorts } from './lock/derived-ports.js';
export { GatewayWsAdapter } from './lock/gateway-ws.adapter.js';
export type { ShutdownNotice } from './lock/ws-format.js';
export { claimListener, type ClaimOptions } from './lock/listener/claim-listener.js';
export type { BoundAddress, ClaimedListener, ListenerLoss } from './lock/listener/claimed-listener.js';
export type { Endpoint, LocalSocket } from './lock/listener/endpoint.js';
export { GatewayLockError, type FailedAddress, type GatewayLockErrorCode } from './lock/listener/gateway-lock.error.js';
export type { GatewayCard, Holder, PortOwner, Verdict } from './lock/listener/holder.js';
export { runGateway, type RunOptions } from './run-gateway.js';
export { StopSignals, type StopSignal } from './stop-signals.js';

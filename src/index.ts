export { GatewayLockModule } from './gateway-lock.module.js';
export { whoHolds, type WhoHoldsOptions } from './holder/who-holds.js';
export type {
  AcquireOptions,
  GatewayHttpOptions,
  GatewayLockOptions,
  GatewayWsOptions,
  IdentityOptions,
  WsMessage,
  WsMessageParser,
} from './lock/gateway-lock.options.js';
export type { GatewayPhase } from './lock/gateway-lock.server.js';
export { GatewayLockService } from './lock/gateway-lock.service.js';
export { GatewayWsAdapter, type ShutdownNotice } from './lock/gateway-ws.adapter.js';
export { claimListener, type ClaimOptions } from './lock/listener/claim-listener.js';
export type { BoundAddress, ClaimedListener, ListenerLoss } from './lock/listener/claimed-listener.js';
export { GatewayLockError, type FailedAddress, type GatewayLockErrorCode } from './lock/listener/gateway-lock.error.js';
export type { GatewayCard, Holder, PortOwner, Verdict } from './lock/listener/holder.js';
export { runGateway, type RunOptions } from './run-gateway.js';

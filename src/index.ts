export { GatewayLockModule } from './lock/gateway-lock.module.js';
export type {
  GatewayHttpOptions,
  GatewayLockOptions,
  GatewayWsOptions,
  WsMessage,
  WsMessageParser,
} from './lock/gateway-lock.options.js';
export type { GatewayPhase } from './lock/gateway-lock.server.js';
export { GatewayLockService } from './lock/gateway-lock.service.js';
export { GatewayWsAdapter, type ShutdownNotice } from './lock/gateway-ws.adapter.js';
export { claimListener, type ClaimOptions } from './lock/listener/claim-listener.js';
export type { BoundAddress, ClaimedListener, ListenerLoss } from './lock/listener/claimed-listener.js';
export { GatewayLockError, type GatewayLockErrorCode } from './lock/listener/gateway-lock.error.js';
export { runGateway } from './run-gateway.js';

export { InputError } from '../common/input.error.js';
export { claimListener, type ClaimOptions } from './claim-listener.js';
export type { BoundAddress, ClaimedListener, ListenerLoss } from './claimed-listener.js';
export type { Endpoint, HostPort, LocalSocket } from './endpoint.js';
export { GatewayLockError, type GatewayLockErrorCode } from './gateway-lock.error.js';
export type { FleetOnCard, GatewayCard, Holder, Ownership, PortOwner, Verdict } from './holder.js';

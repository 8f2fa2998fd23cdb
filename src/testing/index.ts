export { fakeFleetLease, type FakeFleetLease, type FakeLeaseOptions } from './fake-fleet-lease.js';
export { fakeGatewayLock, type FakeGatewayLock, type FakeLockOptions } from './fake-gateway-lock.js';
export { NestTestClient } from './nest-test-client.js';
export { OpenclawTestClient, type OpenclawTestClientOptions } from './openclaw-test-client.js';
export type { CloseFrame, TestClientOptions } from './test-connection.js';

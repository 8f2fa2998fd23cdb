import { GatewayCallError } from '../../../src/control/client/gateway-call.error.js';

describe('why a gateway did not do what it was asked', () => {
  it('is one line of a bounded length, whatever the other side has said', () => {
    const { message } = new GatewayCallError('refused', `no\n\u001b[2J\u202e${'x'.repeat(100_000)}`);

    expect(message).toMatch(/^no\ufffd\ufffd\[2J\ufffdx+$/);
    expect(message.length).toBeLessThanOrEqual(2_000);
  });
});

import { OPENCLAW } from '../../src/cli/openclaw.js';
import { restart } from '../../src/cli/restart.command.js';
import { resolveProfile } from '../../src/config/profile.js';
import { callGateway } from '../../src/control/client/call-gateway.js';
import { GatewayCallError } from '../../src/control/client/gateway-call.error.js';
import { whoHolds } from '../../src/holder/who-holds.js';
import { cardOf } from '../holder/cards.js';
import { tempFolder } from '../kit/temp.js';

jest.mock('../../src/control/client/call-gateway.js');
jest.mock('../../src/holder/who-holds.js', () => ({
  ...jest.requireActual<object>('../../src/holder/who-holds.js'),
  whoHolds: jest.fn(),
}));

describe('a restart', () => {
  it('does not stop a gateway in the foreground that it could not ask', async () => {
    const url = 'ws://127.0.0.1:18789';
    jest.mocked(whoHolds).mockResolvedValue({ verdict: 'ready', url, ownership: 'same user', card: cardOf() });
    const notAsked = new GatewayCallError('unknown', 'it cannot be told whose it is');
    jest.mocked(callGateway).mockRejectedValue(notAsked);
    const profile = resolveProfile({}, { OPENCLAW_STATE_DIR: tempFolder() });
    const invocation = { flags: { port: '18789' }, args: [], profile, program: OPENCLAW };

    await expect(restart(invocation)).rejects.toBe(notAsked);

    expect(jest.mocked(callGateway).mock.calls.map(([{ method }]) => method)).toEqual(['gateway.restart.request']);
  });
});

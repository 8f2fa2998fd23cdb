import type { Flags } from '../../src/cli/flags.js';
import { OPENCLAW } from '../../src/cli/openclaw.js';
import { restart } from '../../src/cli/restart.command.js';
import { resolveProfile } from '../../src/config/profile.js';
import { callGateway } from '../../src/control/client/call-gateway.js';
import { GatewayCallError } from '../../src/control/client/gateway-call.error.js';
import { whoHolds } from '../../src/holder/who-holds.js';
import type { Holder } from '../../src/listener/holder.js';
import { cardOf } from '../holder/cards.js';
import { onCleanUp } from '../kit/cleaner.js';
import { tempFolder } from '../kit/temp.js';

jest.mock('../../src/control/client/call-gateway.js');
jest.mock('../../src/holder/who-holds.js', () => ({
  ...jest.requireActual<object>('../../src/holder/who-holds.js'),
  whoHolds: jest.fn(),
}));

const NOT_ASKED = new GatewayCallError('unknown', 'it cannot be told whose it is');

/** Restarts a gateway in the foreground that cannot be asked. */
function restarted(flags: Flags): Promise<number> {
  const url = 'ws://127.0.0.1:18789';
  const holder: Holder = { verdict: 'ready', url, ownership: 'same user', card: cardOf() };
  jest.mocked(whoHolds).mockResolvedValue(holder);
  jest.mocked(callGateway).mockReset().mockRejectedValue(NOT_ASKED);
  const profile = resolveProfile({}, { OPENCLAW_STATE_DIR: tempFolder() });
  return restart({ flags: { port: '18789', ...flags }, args: [], profile, program: OPENCLAW });
}

describe('a restart that could not ask the gateway', () => {
  it('does not stop it', async () => {
    await expect(restarted({})).rejects.toBe(NOT_ASKED);

    expect(jest.mocked(callGateway).mock.calls.map(([{ method }]) => method)).toEqual(['gateway.restart.request']);
  });

  it('says so in JSON to a script', async () => {
    const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    onCleanUp(() => write.mockRestore());

    expect(await restarted({ json: true })).toBe(75);

    const [[line] = ['']] = write.mock.calls;
    expect(JSON.parse(String(line))).toMatchObject({ ok: false, failure: 'unknown', exitCode: 75 });
  });
});

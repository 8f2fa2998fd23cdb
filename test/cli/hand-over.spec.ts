import { handOver } from '../../src/cli/hand-over.js';
import type { LocatedSettings } from '../../src/cli/where-it-runs.js';
import { callGateway } from '../../src/control/client/call-gateway.js';
import { whoHolds } from '../../src/holder/who-holds.js';
import type { Holder } from '../../src/listener/holder.js';
import { onCleanUp } from '../kit/cleaner.js';
import { cardOf } from '../holder/cards.js';
import { tempFolder } from '../kit/temp.js';

jest.mock('../../src/control/client/call-gateway.js');
jest.mock('../../src/holder/who-holds.js', () => ({
  ...jest.requireActual<object>('../../src/holder/who-holds.js'),
  whoHolds: jest.fn(),
}));

const before: Holder = { verdict: 'ready', url: 'ws://127.0.0.1:18789', ownership: 'proven', card: cardOf() };
const after: Holder = { ...before, card: cardOf({ instanceId: 'fedcba98-7654-4321-8fed-cba987654321' }) };

/** What the command ends with, and prints, where the port is held like this after the hand-over. */
async function handedOverTo(
  ...holders: readonly [Holder, ...Holder[]]
): Promise<{ readonly code: number; readonly text: string }> {
  let text = '';
  const keep = (chunk: unknown): boolean => {
    text += String(chunk);
    return true;
  };
  const spies = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockImplementation(keep));
  onCleanUp(() => spies.forEach((spy) => spy.mockRestore()));
  jest.mocked(callGateway).mockResolvedValue({ ok: true });
  const seen = jest.mocked(whoHolds).mockReset().mockResolvedValueOnce(before);
  for (const holder of holders) seen.mockResolvedValueOnce(holder);
  const settings = {
    host: 'localhost',
    port: 18_789,
    token: { value: 'a-token' },
    profile: { name: 'default', stateFolder: tempFolder() },
  } as unknown as LocatedSettings;
  return { code: await handOver(settings, 1_000), text };
}

describe('a hand-over', () => {
  it('is done when the port shows another gateway of this user', async () => {
    expect(await handedOverTo(before, after)).toMatchObject({ code: 0 });
  });

  it('is not reported as done where it cannot be told whose the other gateway is', async () => {
    const { text } = await handedOverTo({ ...after, ownership: 'unknown' }, after);
    expect(text.match(/handed over/g)).toHaveLength(1);
    expect(jest.mocked(whoHolds)).toHaveBeenCalledTimes(3);
  });

  it('is not done where another user has taken the port, whatever that shows', async () => {
    const { code, text } = await handedOverTo({ ...after, ownership: 'other user', user: 'nobody' });
    expect(code).toBe(69);
    expect(text).toMatch(/^not handed over: another user has taken ws:\/\/127\.0\.0\.1:18789: /);
  });
});

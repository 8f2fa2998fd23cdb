import { stopHolder } from '../../src/holder/stop-holder.js';
import { whoHolds } from '../../src/holder/who-holds.js';
import type { Holder } from '../../src/listener/holder.js';
import { onCleanUp } from '../kit/cleaner.js';
import { freePort } from '../kit/ports.js';
import { cardOf } from './cards.js';

jest.mock('../../src/holder/who-holds.js');

/** A number that no process has. */
const PID = 4_194_304;
const STARTED_AT = 1_795_366_472_000;

type Owner = NonNullable<Holder['owner']>;

function owner(differences: Partial<Owner> = {}): Owner {
  const uid = process.getuid?.() ?? 0;
  return { pid: PID, uid, startedAt: STARTED_AT, isGateway: true, pidsInNamespaces: [PID], ...differences };
}

/** One that hangs, and need not show its card any more. */
function silent(differences: Partial<Owner> = {}): Holder {
  return {
    verdict: 'stalled',
    url: 'ws://127.0.0.1:18789',
    ownership: 'same user',
    owner: owner(differences),
  };
}

function gateway(owner: Partial<Owner> = {}, instanceId = '01234567-89ab-4cde-8f01-23456789abcd'): Holder {
  return { ...silent(owner), verdict: 'ready', card: cardOf({ pid: PID, instanceId }) };
}

function cardOnly({ verdict, url, ownership, card }: Holder): Holder {
  return { verdict, url, ownership, ...(card && { card }) };
}

function withoutStart({ owner, ...holder }: Holder): Holder {
  const known: { -readonly [Key in keyof Owner]?: Owner[Key] } = { ...owner };
  delete known.startedAt;
  return { ...holder, owner: known as Owner };
}

/** What is signalled where a gateway does not stop, and is seen like this when it is to be killed. */
async function signalsTo(first: Holder, atTheKill: Holder): Promise<unknown[]> {
  const port = await freePort();
  const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
  onCleanUp(() => kill.mockRestore());
  const seen = jest.mocked(whoHolds).mockResolvedValue(first);
  await stopHolder(
    { host: '127.0.0.1', port },
    {
      timeoutMs: 1,
      kill: true,
      report: (line) => {
        if (!line.includes('killing')) return;
        seen
          .mockResolvedValueOnce(atTheKill)
          .mockResolvedValue({ verdict: 'blocked', url: first.url, ownership: 'unknown' });
      },
    },
  );
  return kill.mock.calls;
}

describe('a gateway that does not stop', () => {
  it.each([
    ['is the same process', silent()],
    ['seems to have started a second later', silent({ startedAt: STARTED_AT + 1_000 })],
    ['seems to have started a second sooner', silent({ startedAt: STARTED_AT - 1_000 })],
  ])('is killed when it %s', async (_name, atTheKill) => {
    expect(await signalsTo(gateway(), atTheKill)).toEqual([
      [PID, 'SIGTERM'],
      [PID, 'SIGKILL'],
    ]);
  });

  it.each([
    ['belongs to another user', { ...gateway(), ownership: 'other user' as const }],
    ['cannot be told whose it is', { ...gateway(), ownership: 'unknown' as const }],
    ['has a process that does not call itself a gateway', gateway({ isGateway: false })],
    ['has no process that can be named', cardOnly(gateway())],
    ['shows no card', silent()],
  ])('is neither asked nor signalled when it %s', async (_name, seen) => {
    jest.mocked(whoHolds).mockResolvedValue(seen);
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    onCleanUp(() => kill.mockRestore());
    const ask = jest.fn(() => Promise.resolve(true));

    const outcome = await stopHolder(
      { host: '127.0.0.1', port: await freePort() },
      { timeoutMs: 1, kill: true, ask, report: () => undefined },
    );

    expect(outcome).toMatchObject({ kind: 'refused', holder: seen });
    expect([ask.mock.calls, kill.mock.calls]).toEqual([[], []]);
  });

  it.each([
    ['has gone', { verdict: 'blocked', url: 'ws://127.0.0.1:18789', ownership: 'unknown' } as const],
    ['is about to', { ...gateway(), verdict: 'draining' as const }],
  ])('has stopped where its answer is lost, and it %s', async (_how, now) => {
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    onCleanUp(() => kill.mockRestore());
    jest
      .mocked(whoHolds)
      .mockResolvedValue({ verdict: 'blocked', url: 'ws://127.0.0.1:18789', ownership: 'unknown' })
      .mockResolvedValueOnce(gateway())
      .mockResolvedValueOnce(now);

    const outcome = await stopHolder(
      { host: '127.0.0.1', port: await freePort() },
      { timeoutMs: 10_000, kill: false, ask: () => Promise.resolve(false), report: () => undefined },
    );

    expect([outcome, kill.mock.calls]).toEqual([{ kind: 'stopped' }, []]);
  });

  it('is neither asked nor signalled when it is not the one that is meant', async () => {
    jest.mocked(whoHolds).mockResolvedValue(gateway());
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    onCleanUp(() => kill.mockRestore());
    const ask = jest.fn(() => Promise.resolve(true));

    const outcome = await stopHolder(
      { host: '127.0.0.1', port: 18_789 },
      { timeoutMs: 1, kill: true, instanceId: 'none', ask, report: () => undefined },
    );

    expect(outcome).toMatchObject({
      kind: 'refused',
      reason: 'it is not known to be the gateway of this profile; --port 18789 means whichever has the port',
    });
    expect([ask.mock.calls, kill.mock.calls]).toEqual([[], []]);
  });

  it.each<[string, Partial<Holder>, string]>([
    ['hangs up, and its process is not found in time', {}, 'late'],
    ['hangs up, and its process is found', { owner: owner({}) }, 'late'],
    ['was followed by another program', { owner: owner({ pid: PID - 1, isGateway: false }) }, 'stopped'],
    ["was followed by another user's program", { ownership: 'other user' }, 'stopped'],
  ])('has stopped where it %s: %#', async (_name, now, kind) => {
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    onCleanUp(() => kill.mockRestore());
    const { url } = gateway();
    jest
      .mocked(whoHolds)
      .mockResolvedValue({ verdict: 'foreign', url, ownership: 'unknown', ...now })
      .mockResolvedValueOnce(gateway())
      .mockResolvedValueOnce(gateway());

    const outcome = await stopHolder(
      { host: '127.0.0.1', port: await freePort() },
      { timeoutMs: 50, kill: false, report: () => undefined },
    );

    expect(outcome.kind).toBe(kind);
  });

  it.each([
    ['a process has its number whose start is not known', withoutStart(silent())],
    ['another process has its number', silent({ startedAt: STARTED_AT + 6_000 })],
    ['a process of another number is there', silent({ pid: PID - 1, startedAt: STARTED_AT })],
    [
      'it cannot be told who is there',
      { verdict: 'stalled', url: 'ws://127.0.0.1:18789', ownership: 'unknown' } as const,
    ],
    [
      'the process has become another gateway',
      gateway({ startedAt: STARTED_AT }, 'fedcba98-7654-4321-8fed-cba987654321'),
    ],
  ])('is not killed when %s', async (_name, atTheKill) => {
    expect(await signalsTo(gateway({ startedAt: STARTED_AT }), atTheKill)).toEqual([[PID, 'SIGTERM']]);
  });
});

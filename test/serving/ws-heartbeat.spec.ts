import type { WsClient } from '../../src/serving/ws-client.js';
import { WsHeartbeat } from '../../src/serving/ws-heartbeat.js';
import { onCleanUp } from '../kit/cleaner.js';

const PERIOD_MS = 1_000;

/** What the heartbeat sees of a client. */
class Peer {
  readonly connection = { bytesRead: 200 };
  bytesSeen = 0;
  silentPeriods = 0;
  isOpen = true;
  pings = 0;
  readonly session = { getsTicks: false };
  readonly socket = { ping: () => ++this.pings };

  says(bytes = 6): void {
    this.connection.bytesRead += bytes;
  }
}

function heartbeatOf(...peers: Peer[]): { dead: Peer[]; heartbeat: WsHeartbeat; beat: (afterMs?: number) => void } {
  const dead: Peer[] = [];
  let now = 0;
  const heartbeat = new WsHeartbeat(
    () => peers.filter((peer) => !dead.includes(peer)) as unknown as WsClient[],
    (client) => dead.push(client as unknown as Peer),
    PERIOD_MS,
    () => now,
  );
  jest.useFakeTimers();
  onCleanUp(() => {
    heartbeat.stop();
    jest.useRealTimers();
  });
  heartbeat.start();
  const beat = (afterMs = PERIOD_MS): void => {
    now += afterMs;
    jest.advanceTimersByTime(PERIOD_MS);
  };
  return { dead, heartbeat, beat };
}

describe('WsHeartbeat', () => {
  it('gives up on a client that has sent nothing for two periods, and not sooner', () => {
    const mute = new Peer();
    const { dead, beat } = heartbeatOf(mute);
    beat();
    beat();
    expect(dead).toEqual([]);
    beat();
    expect(dead).toEqual([mute]);
  });

  it('pings every client that gets no ticks in every period', () => {
    const peers = [new Peer(), new Peer()];
    const { beat } = heartbeatOf(...peers);
    beat();
    peers[0]?.says();
    beat();
    expect(peers.map(({ pings }) => pings)).toEqual([2, 2]);
  });

  it('pings a client that gets ticks only when it has been silent for a period', () => {
    const peer = new Peer();
    peer.session.getsTicks = true;
    const { beat, dead } = heartbeatOf(peer);
    beat();
    expect(peer.pings).toBe(0);
    beat();
    expect(peer.pings).toBe(1);
    peer.says();
    beat();
    expect(peer.pings).toBe(1);
    beat();
    expect(peer.pings).toBe(2);
    beat();
    expect(dead).toEqual([peer]);
  });

  it('does not ping a client that is being closed, and gives up on it all the same', () => {
    const leaving = new Peer();
    leaving.isOpen = false;
    const { dead, beat } = heartbeatOf(leaving);
    for (let count = 0; count < 3; count++) beat();
    expect(leaving.pings).toBe(0);
    expect(dead).toEqual([leaving]);
  });

  it.each([1, 6, 65_536])('lets a client live that sends %i bytes in every other period', (bytes) => {
    const slow = new Peer();
    const { dead, beat } = heartbeatOf(slow);
    for (let count = 0; count < 20; count++) {
      if (count % 2 === 0) slow.says(bytes);
      beat();
    }
    expect(dead).toEqual([]);
  });

  it('cuts off no client when the machine has slept, however long', () => {
    const peer = new Peer();
    const { dead, beat } = heartbeatOf(peer);
    beat();
    beat();
    beat(8 * 3_600_000);
    expect(dead).toEqual([]);
    beat();
    expect(dead).toEqual([]);
    beat();
    expect(dead).toEqual([peer]);
  });

  it('does not take a clock that was put back for a sleep', () => {
    const mute = new Peer();
    const { dead, beat } = heartbeatOf(mute);
    beat();
    beat(-3_600_000);
    beat();
    expect(dead).toEqual([mute]);
  });

  it('beats once a period, however often it was started', () => {
    const peer = new Peer();
    const { heartbeat, beat } = heartbeatOf(peer);
    heartbeat.start();
    beat();
    expect(peer.pings).toBe(1);
  });

  it('is silent when it was stopped, and can be started again', () => {
    const peer = new Peer();
    const { heartbeat, beat } = heartbeatOf(peer);
    heartbeat.stop();
    beat();
    expect(peer.pings).toBe(0);
    heartbeat.start();
    beat();
    expect(peer.pings).toBe(1);
  });
});

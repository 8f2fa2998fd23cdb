import type { FleetDatabase } from '../../src/fleet/fleet-database.js';
import { FleetQueue } from '../../src/fleet/fleet-queue.js';
import type { FleetSession, FoundHolder } from '../../src/fleet/fleet-session.js';
import { FLEET_DEFAULTS, FLEET_TIMING_DEFAULTS } from '../../src/options/fleet.options.js';
import { FakeSession } from './fake-session.js';

const SETTINGS = { ...FLEET_DEFAULTS, name: 'office', url: 'postgres://db/fleet', timing: FLEET_TIMING_DEFAULTS };

function holderOn(host: string, token: bigint): FoundHolder {
  const held = { isHeld: true, isStranger: false };
  return { host, token, pid: 1, version: '1.0.0', url: null, since: Date.now(), answers: true, ...held };
}

describe('the queue of a fleet', () => {
  it('tells of each holder, also where a client of this standby has had it looked up first', async () => {
    const fake = new FakeSession();
    fake.isFree = false;
    const session = fake as unknown as FleetSession;
    const told: string[] = [];
    const queue = new FleetQueue({
      settings: SETTINGS,
      wait: 'standby',
      member: { fleet: 'office', instance: 'one', host: 'gw3', version: '1.0.0', advertise: undefined },
      database: { open: () => Promise.resolve(session) } as unknown as FleetDatabase,
      tell: (line) => told.push(line),
    });
    fake.slices.push(false, false, false);

    fake.holder = holderOn('gw1', 6n);
    await queue.wait(session);
    fake.holder = holderOn('gw2', 7n);
    await queue.lookAgain();
    await queue.wait(session);
    await queue.wait(session);

    expect(told).toEqual([expect.stringContaining('host gw1'), expect.stringContaining('host gw2')]);
  });
});

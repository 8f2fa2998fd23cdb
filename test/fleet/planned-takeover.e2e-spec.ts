import { hostname } from 'node:os';

import { FleetLease, type GatewayLockOptions } from '../../src/index.js';
import { createApp, startApp, type TestApp } from '../kit/app.js';
import { until, within } from '../kit/deadline.js';
import { fakeDatabase, FakeSession } from './fake-session.js';

const WAIT_MS = 20_000;
const FLEET = { name: 'office', url: 'postgres://gateway:secret@127.0.0.1:5432/fleet' };
const STANDBY: GatewayLockOptions = { acquire: { wait: 'standby' }, fleet: FLEET };
const HOLDER: FakeSession['holder'] = {
  host: 'gw1',
  pid: 1,
  version: '1.0.0',
  token: 6n,
  url: null,
  since: Date.now(),
  answers: true,
  isHeld: true,
  isStranger: false,
};

async function starting(session: FakeSession, lock: GatewayLockOptions): Promise<TestApp & { init: Promise<unknown> }> {
  fakeDatabase(session);
  const created = await createApp({ lock });
  const init = created.app.init();
  init.catch(() => undefined);
  return { ...created, init };
}

describe('the active gateway that is asked to let another one be it', () => {
  it.each([
    ['', 'another gateway of fleet office takes over'],
    ['gw2', 'host gw2 of fleet office takes over'],
  ])('stops, and says why (%j)', async (wanted, reason) => {
    const session = new FakeSession();
    fakeDatabase(session);
    const { lock } = await startApp({ lock: STANDBY });

    session.askFor(wanted);

    expect(await within(WAIT_MS, 'the stop', lock.stopping)).toEqual({ reason, restartExpectedMs: null });
  });

  it('starts anew where it can, to stand by then', async () => {
    const session = new FakeSession();
    fakeDatabase(session);
    const { lock } = await startApp({ lock: STANDBY });
    const asked = new Promise<string>((resolve) => lock.runBy({ restart: (reason) => (resolve(reason), true) }));

    session.askFor('');

    expect(await within(WAIT_MS, 'the restart', asked)).toBe('another gateway of fleet office takes over');
    expect(lock.phase).toBe('ready');
  });

  it('goes on where the row does not say so: any user of the database can send a notification', async () => {
    const session = new FakeSession();
    fakeDatabase(session);
    const { lock } = await startApp({ lock: STANDBY });
    const read = jest.spyOn(session, 'readWanted');

    session.askFor(undefined);
    await until(WAIT_MS, 'the look at the row', () => read.mock.results.length > 0);
    await read.mock.results[0]?.value;

    expect(lock.phase).toBe('ready');
  });
});

it('a standby lets the host go first that an operator has named', async () => {
  const session = new FakeSession();
  session.isNextInLine = false;
  await starting(session, STANDBY);

  await until(WAIT_MS, 'another try', () => session.asked.lastIndexOf('tryLock') > session.asked.indexOf('unlock'));

  expect(session.asked).not.toContain('claim');
});

describe('a gateway that takes the place of the active one', () => {
  const TAKE_OVER: GatewayLockOptions = { fleet: { ...FLEET, takeOver: true } };

  it('asks it to stop, and works as soon as it has', async () => {
    const session = new FakeSession();
    session.isFree = false;
    session.holder = HOLDER;
    const { init, app } = await starting(session, TAKE_OVER);
    await until(WAIT_MS, 'the question', () => session.asked.includes(`askToYield ${hostname()}`));

    session.granted.open();
    await within(WAIT_MS, 'the takeover', init);

    expect(app.get(FleetLease).valid).toBe(true);
    expect(session.asked).not.toContain('endHolder');
  });

  it('ends the session of one that does not stop, and waits until it has stopped in any case', async () => {
    const session = new FakeSession();
    session.isFree = false;
    session.holder = HOLDER;
    session.slices.push(false);
    session.facts = { ...session.facts, isKnown: true, isSameTimeline: true, isSameRun: true };
    const { lock, app } = await starting(session, TAKE_OVER);
    await until(WAIT_MS, 'the end of the session', () => session.asked.includes('endHolder'));

    session.granted.open();
    await until(WAIT_MS, 'the token', () => app.get(FleetLease).token > 0n);

    expect([lock.phase, app.get(FleetLease).valid]).toEqual(['standby', false]);
  });

  it('works at once where that one has released the fleet after all', async () => {
    const session = new FakeSession();
    session.isFree = false;
    session.holder = HOLDER;
    session.slices.push(false);
    session.facts = { ...session.facts, isKnown: true, isSameTimeline: true, isReleased: true };
    const { init } = await starting(session, TAKE_OVER);
    session.granted.open();

    await within(WAIT_MS, 'the takeover', init);

    expect(session.asked).toContain('endHolder');
  });

  it('does not end what another program does with the key', async () => {
    const session = new FakeSession();
    session.isFree = false;
    session.holder = { ...HOLDER, isStranger: true };
    const { init } = await starting(session, TAKE_OVER);

    await expect(init).rejects.toMatchObject({ code: 'GATEWAY_FLEET_STRANGER' });
    expect(session.asked).not.toContain('endHolder');
  });
});

import { uptimeSeconds, waitingText } from '../../src/service/waiting-text.js';
import { LINUX } from '../kit/sockets.js';

const AUTO_RESTART = {
  ActiveState: 'activating',
  SubState: 'auto-restart',
  NRestarts: '2',
  StartLimitBurst: '10',
  StateChangeTimestampMonotonic: '100000000',
};

describe('what the manager of a service that does not run does next', () => {
  it.each([
    [{ ...AUTO_RESTART, RestartUSec: '4.500s' }, 'starts it again in 4 s (restart 3 of 10)'],
    [{ ...AUTO_RESTART, RestartUSec: '200ms' }, 'starts it again in 1 s (restart 3 of 10)'],
    [{ ...AUTO_RESTART, RestartUSec: '1min 30s', StartLimitBurst: '0' }, 'starts it again in 89 s (restart 3)'],
    [{ ...AUTO_RESTART, RestartUSec: '200ms', RestartUSecNext: '15s' }, 'starts it again in 14 s (restart 3 of 10)'],
    [{ ActiveState: 'activating', SubState: 'start' }, 'starts it now'],
    [{ ActiveState: 'inactive', SubState: 'dead' }, undefined],
    [{ ActiveState: 'failed', SubState: 'failed' }, undefined],
  ])('%j', (of, text) => {
    expect(waitingText(of, { hasSocket: false, now: 101 })).toBe(text);
  });

  it('with a socket unit', () => {
    expect(waitingText({ ActiveState: 'inactive', SubState: 'dead' }, { hasSocket: true, now: 101 })).toBe(
      'starts it on the first connection',
    );
  });

  (LINUX ? it : it.skip)('on the clock of the machine', () => {
    expect(uptimeSeconds()).toBeGreaterThan(0);
  });
});

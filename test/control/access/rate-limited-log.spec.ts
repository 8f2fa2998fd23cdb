import { Logger } from '@nestjs/common';

import { RateLimitedLog } from '../../../src/control/access/rate-limited-log.js';
import { onCleanUp } from '../../kit/cleaner.js';

const WINDOW_MS = 10_000;

function logged(): { log: RateLimitedLog; lines: string[] } {
  const lines: string[] = [];
  const spy = jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void lines.push(line));
  jest.useFakeTimers();
  onCleanUp(() => {
    spy.mockRestore();
    jest.useRealTimers();
  });
  return { log: new RateLimitedLog('test'), lines };
}

describe('RateLimitedLog', () => {
  it('writes each of a few events', () => {
    const { log, lines } = logged();
    log.warn('kind', 'one');
    log.warn('kind', 'two');
    jest.advanceTimersByTime(WINDOW_MS);
    expect(lines).toEqual(['one', 'two']);
  });

  it('writes a few lines about a flood, and then how many more there were', () => {
    const { log, lines } = logged();
    for (let count = 1; count <= 500; count++) log.warn('kind', `line ${count}`);
    expect(lines).toEqual(['line 1', 'line 2', 'line 3', 'line 4', 'line 5']);
    jest.advanceTimersByTime(WINDOW_MS);
    expect(lines.slice(5)).toEqual(['kind: 495 more in 10 s']);
  });

  it('begins anew when the time is over', () => {
    const { log, lines } = logged();
    for (let count = 1; count <= 6; count++) log.warn('kind', `line ${count}`);
    jest.advanceTimersByTime(WINDOW_MS);
    log.warn('kind', 'later');
    jest.advanceTimersByTime(WINDOW_MS);
    expect(lines.slice(5)).toEqual(['kind: 1 more in 10 s', 'later']);
  });

  it('has room for one kind while another floods', () => {
    const { log, lines } = logged();
    for (let count = 1; count <= 100; count++) log.warn('flood', 'a drop');
    log.warn('rare', 'something else');
    expect(lines).toHaveLength(6);
    expect(lines.at(-1)).toBe('something else');
  });
});

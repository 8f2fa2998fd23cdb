import fs from 'node:fs';

import {
  isCertainlySame,
  isSameStart,
  parseLstart,
  startOnLinux,
  processStart,
} from '../../src/launcher/process-identity.js';
import { onCleanUp } from '../kit/cleaner.js';

const BOOT = '8d3f0b7e-57e3-4b0e-9d1e-3f2a0c7b1a11\n';
const FIELDS_FROM_4 = '1 24203 23184 0 -1 4194304 99 0 0 0 0 0 0 0 20 0 11 0 357342 3133440 382';

describe('the start of a process', () => {
  it.each(['node', 'a (b) c', ') Z 1 2', 'two\nlines'])('of the program %j is its ticks in its boot', (name) => {
    expect(startOnLinux(`24209 (${name}) S ${FIELDS_FROM_4}`, BOOT)).toEqual({
      runs: true,
      mark: `linux ${BOOT.trim()} 357342`,
    });
  });

  it.each(['Z', 'X', 'x'])(
    'is not told of a process in state %s, which has ended and waits to be forgotten',
    (state) => {
      expect(startOnLinux(`24209 (node) ${state} ${FIELDS_FROM_4}`, BOOT)).toEqual({ runs: false });
    },
  );

  it.each([
    ['', BOOT],
    [`24209 (node) S ${FIELDS_FROM_4}`, ''],
    ['24209 (node) S 1 2', BOOT],
  ])('is unknown where %j and %j say no more', (stat, boot) => {
    expect(startOnLinux(stat, boot)).toEqual({ runs: true });
  });

  it.each([
    ['Sat Nov 21 10:02:03 2026\n', 'lstart Sat Nov 21 10:02:03 2026'],
    ['Sat Nov  1 10:02:03 2026    ', 'lstart Sat Nov 1 10:02:03 2026'],
    ['', undefined],
    ['ps: no such process', undefined],
  ])('as ps prints it in %j', (output, mark) => {
    expect(parseLstart(output)).toBe(mark);
  });

  it.each([
    ['a', { runs: true, mark: 'a' }, true],
    ['a', { runs: true, mark: 'b' }, false],
    ['a', { runs: true }, true],
    [null, { runs: true, mark: 'b' }, true],
    ['a', { runs: false }, false],
    [null, { runs: false }, false],
  ])('%j seen before and %j now are the same: %s', (seen, now, same) => {
    expect(isSameStart(seen, now)).toBe(same);
  });

  it.each([
    ['a', { runs: true, mark: 'a' }, true],
    ['a', { runs: true, mark: 'b' }, false],
    ['a', { runs: true }, false],
    [null, { runs: true, mark: 'b' }, false],
    [null, { runs: true }, false],
    ['a', { runs: false }, false],
  ])('%j seen before and %j now are the same for certain: %s', (seen, now, same) => {
    expect(isCertainlySame(seen, now)).toBe(same);
  });

  it('is not known where /proc is that of another PID namespace', () => {
    const self = jest.spyOn(fs, 'readlinkSync').mockReturnValue('1');
    onCleanUp(() => self.mockRestore());
    if (process.platform === 'linux') expect(processStart(process.pid)).toEqual({ runs: true });
  });

  it('is that of this process, again and again', () => {
    const start = processStart(process.pid);

    expect(start.runs).toBe(true);
    expect(processStart(process.pid)).toEqual(start);
    if (process.platform === 'linux') expect(start.mark).toMatch(/^linux [\da-f-]{36} \d+$/);
  });
});

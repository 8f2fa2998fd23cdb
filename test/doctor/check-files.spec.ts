import { chmodSync, utimesSync, writeFileSync, type StatsFs } from 'node:fs';
import { join } from 'node:path';

import { checkClock, checkDisk, checkOwners } from '../../src/doctor/check-files.js';
import { tempFolder } from '../kit/temp.js';
import { patient } from './patient.js';

describe('the files', () => {
  it('are none before the first start', () => {
    expect(checkOwners(patient({ folder: join(tempFolder(), 'later') })).level).toBe('ok');
  });

  it('are those of this user alone', () => {
    const folder = tempFolder();
    chmodSync(folder, 0o700);
    writeFileSync(join(folder, 'gateway.token'), 'x', { mode: 0o600 });
    expect(checkOwners(patient({ folder })).level).toBe('ok');
  });

  it('are a problem where others may write one', () => {
    const folder = tempFolder();
    chmodSync(folder, 0o700);
    const file = join(folder, 'gateway.token');
    writeFileSync(file, 'x');
    chmodSync(file, 0o666);
    expect(checkOwners(patient({ folder }))).toEqual({
      check: 'files',
      level: 'problem',
      text: `${file} can be written by other users (mode 666)`,
      wayOut: `take that away: chmod go-w ${file}`,
    });
  });

  it('are not those of other programs', () => {
    const folder = tempFolder();
    chmodSync(folder, 0o700);
    const file = join(folder, 'sessions.json');
    writeFileSync(file, 'x');
    chmodSync(file, 0o666);
    expect(checkOwners(patient({ folder })).level).toBe('ok');
  });
});

describe('the disk', () => {
  const stats = (values: object) => () =>
    ({ bavail: 1_000_000, bsize: 4_096, ffree: 10, files: 100, ...values }) as unknown as StatsFs;

  it.each([
    ['has room', {}, 'ok'],
    ['has no room for a log', { bavail: 100 }, 'problem'],
    ['has no inode left', { ffree: 0 }, 'problem'],
    ['counts no inodes', { ffree: 0, files: 0 }, 'ok'],
  ])('%s', (_what, values, level) => {
    expect(checkDisk(patient({ folder: '/nowhere/at/all' }), stats(values) as never).level).toBe(level);
  });

  it('is that of the nearest folder that is there', () => {
    const folder = tempFolder();
    expect(checkDisk(patient({ folder: join(folder, 'a', 'b') })).text).toContain(folder);
  });

  it('may say nothing', () => {
    const read = (): never => {
      throw Object.assign(new Error('no'), { code: 'ENOSYS' });
    };
    expect(checkDisk(patient(), read)).toMatchObject({
      level: 'note',
      text: expect.stringContaining('ENOSYS') as string,
    });
  });
});

describe('the clock', () => {
  it('is right where the files of the folder are older', () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'gateway.token'), 'x');
    expect(checkClock(patient({ folder })).level).toBe('ok');
  });

  it('may be wrong where a file is of a later time', () => {
    const folder = tempFolder();
    const file = join(folder, 'gateway.token');
    writeFileSync(file, 'x');
    const later = Date.now() / 1_000 + 86_400;
    utimesSync(file, later, later);
    expect(checkClock(patient({ folder }))).toMatchObject({
      level: 'note',
      text: expect.stringContaining(file) as string,
    });
  });

  it('is wrong where it stands at its beginning', () => {
    expect(checkClock(patient(), 0)).toMatchObject({ level: 'problem', text: 'it cannot be 1970-01-01T00:00:00.000Z' });
  });
});

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isAlive, parseProcessStat, readTextIfAllowed } from '../../src/common/process-files.js';
import { tempFolder } from '../kit/temp.js';

describe('a file of the system', () => {
  it('is its text, and empty where there is none', () => {
    const file = join(tempFolder(), 'stat');
    writeFileSync(file, 'text');

    expect(readTextIfAllowed(file)).toBe('text');
    expect(readTextIfAllowed(`${file}x`)).toBe('');
  });
});

describe('/proc/PID/stat', () => {
  it('is read behind a name that holds blanks and parentheses', () => {
    const fields = Array.from({ length: 18 }, (_, index) => String(index + 5));

    const stat = parseProcessStat(`4711 (a) S 1 (b) Z 17 ${fields.join(' ')} 23`);

    expect(stat).toEqual({ state: 'Z', parent: 17, startTicks: '22' });
  });

  it('has nothing where the file is missing', () => {
    expect(parseProcessStat('')).toEqual({ state: '', parent: undefined, startTicks: undefined });
  });
});

describe('isAlive', () => {
  it('is true of this process, and false of one that has ended', () => {
    const { pid } = spawnSync(process.execPath, ['--version']);

    expect(isAlive(process.pid)).toBe(true);
    expect(isAlive(pid)).toBe(false);
  });

  (process.getuid?.() === 0 ? it : it.skip)("is true of another user's (needs root to be two users)", () => {
    process.seteuid?.(65534);
    try {
      expect(isAlive(1)).toBe(true);
    } finally {
      process.seteuid?.(0);
    }
  });
});

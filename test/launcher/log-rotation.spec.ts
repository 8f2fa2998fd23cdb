import {
  appendFileSync,
  closeSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import { followLog } from '../../src/launcher/follow-log.js';
import { lastLines, openToAppend } from '../../src/launcher/gateway-log.js';
import { rotateIfLarge } from '../../src/launcher/log-rotation.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { tempFolder } from '../kit/temp.js';

interface RealFiles {
  readonly copyFileSync: typeof copyFileSync;
}
// A real disk that is full takes root: see full-disk.process-spec.ts.
jest.mock('node:fs', () => {
  const fs = jest.requireActual<RealFiles>('node:fs');
  return { ...fs, copyFileSync: jest.fn(fs.copyFileSync) };
});
afterEach(() => {
  const { copyFileSync: copy } = jest.requireActual<RealFiles>('node:fs');
  jest.mocked(copyFileSync).mockImplementation(copy);
});

const LIMIT = 100;
const DEADLINE_MS = 5_000;

const textOf = (file: string): string => readFileSync(file, 'utf8');

describe('rotation', () => {
  it('leaves a log alone that is not large', () => {
    const file = join(tempFolder(), 'gateway.log');
    writeFileSync(file, 'x'.repeat(LIMIT - 1));

    rotateIfLarge(file, LIMIT);

    expect(statSync(file).size).toBe(LIMIT - 1);
  });

  it('keeps the descriptors that a process was started with at the end of the log, and five old ones', () => {
    const folder = tempFolder();
    const file = join(folder, 'gateway.log');
    const descriptor = openToAppend(file);
    onCleanUp(() => closeSync(descriptor));

    for (let round = 1; round <= 7; round++) {
      writeSync(descriptor, `${round}`.repeat(LIMIT));
      rotateIfLarge(file, LIMIT);
    }
    writeSync(descriptor, 'last');

    expect(textOf(file)).toBe('last');
    expect(readdirSync(folder).sort()).toEqual(['gateway.log', ...[1, 2, 3, 4, 5].map((age) => `gateway.log.${age}`)]);
    expect([1, 5].map((age) => textOf(`${file}.${age}`)[0])).toEqual(['7', '3']);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it('ends one that was cut short by a kill, without copying anew', () => {
    const file = join(tempFolder(), 'gateway.log');
    writeFileSync(`${file}.rotating`, 'from before');
    writeFileSync(file, 'x'.repeat(LIMIT));

    rotateIfLarge(file, LIMIT);
    expect(textOf(`${file}.1`)).toBe('from before');

    rotateIfLarge(file, LIMIT);
    expect([textOf(file), textOf(`${file}.1`), textOf(`${file}.2`)]).toEqual(['', 'x'.repeat(LIMIT), 'from before']);
  });

  it.each([
    ['the oldest of the others', { '.1': 'newer', '.2': 'older' }, ['gateway.log', 'gateway.log.1', 'gateway.log.2']],
    ['the log itself, where there is no other', {}, ['gateway.log']],
  ])('makes room on a full disk with %s', (_what, others, left) => {
    const folder = tempFolder();
    const file = join(folder, 'gateway.log');
    writeFileSync(file, 'x'.repeat(LIMIT));
    for (const [age, text] of Object.entries(others)) writeFileSync(`${file}${age}`, text);
    const failures = Object.keys(others).length === 0 ? Infinity : 1;
    let copies = 0;
    jest.mocked(copyFileSync).mockImplementation((from, to) => {
      if (++copies <= failures) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      writeFileSync(to, readFileSync(from));
    });

    const failure = rotateIfLarge(file, LIMIT);

    expect([failure, textOf(file)]).toEqual(['ENOSPC', '']);
    expect(readdirSync(folder).sort()).toEqual(left);
    if (failures === 1) expect([textOf(`${file}.1`), textOf(`${file}.2`)]).toEqual(['x'.repeat(LIMIT), 'newer']);
  });

  it('of a log that is not there does nothing', () => {
    expect(() => rotateIfLarge(join(tempFolder(), 'gateway.log'), LIMIT)).not.toThrow();
  });
});

describe('the last lines', () => {
  it.each([
    [0, ''],
    [1, 'five'],
    [2, '4\nfive'],
    [4, '2\n3\n4\nfive'],
    [5, '1\n2\n3\n4\nfive'],
    [99, '1\n2\n3\n4\nfive'],
  ])('%i of them, from the rotated files where it takes that', (count, text) => {
    const file = join(tempFolder(), 'gateway.log');
    writeFileSync(`${file}.2`, '1\n');
    writeFileSync(`${file}.1`, '2\n3\n');
    writeFileSync(file, '4\nfive');

    const { lines, end } = lastLines(file, count);

    expect([lines.toString(), end]).toEqual([text, 6]);
  });

  it('are none of an empty log', () => {
    const file = join(tempFolder(), 'gateway.log');
    writeFileSync(file, '');

    expect(lastLines(file, 3)).toEqual({ lines: Buffer.alloc(0), end: 0 });
  });
});

describe('following', () => {
  /** What has been yielded, and a wait until it is at least this long. */
  function follow(file: string, offset: number): { text: () => string; until: (length: number) => Promise<void> } {
    const stop = new AbortController();
    let text = '';
    let check: () => void = () => undefined;
    const ended = (async () => {
      for await (const chunk of followLog(file, offset, stop.signal)) {
        text += chunk.toString();
        check();
      }
    })();
    onCleanUp(async () => {
      stop.abort();
      await within(DEADLINE_MS, 'the end of the following', ended);
    });
    const until = (length: number): Promise<void> => {
      const long = new Promise<void>((resolve) => {
        check = () => {
          if (text.length >= length) resolve();
        };
        check();
      });
      return within(DEADLINE_MS, `${length} characters`, long);
    };
    return { text: () => text, until };
  }

  it('goes on over any number of rotations, and loses and repeats nothing', async () => {
    const file = join(tempFolder(), 'gateway.log');
    writeFileSync(file, 'before ');
    const { text, until } = follow(file, 7);
    let written = '';
    const write = (line: string): void => {
      written += line;
      appendFileSync(file, line);
    };

    for (let round = 0; round < 30; round++) {
      write(`${round} `.padEnd(40, '.'));
      // Seen before the rotation, not seen before it, and two rotations between two looks.
      if (round % 3 === 0) await until(written.length);
      if (round % 2 === 0) rotateIfLarge(file, 1);
    }
    await until(written.length);

    expect(text()).toBe(written);
  });

  it('begins anew when the log has been emptied', async () => {
    const file = join(tempFolder(), 'gateway.log');
    writeFileSync(file, 'before');
    const { text, until } = follow(file, 0);
    await until(6);
    writeFileSync(file, '');
    writeFileSync(file, 'new');

    await until(9);

    expect(text()).toBe('beforenew');
  });
});

import { spawnSync } from 'node:child_process';

import { isAsGraveAs } from '../../src/common/log-level.js';
import { logLineToJson, logLineToText, logTime, parseLogLine, type LogLine } from '../../src/common/log-line.js';

const LINE: LogLine = {
  time: '2026-01-31T12:00:00.250+01:00',
  level: 'warn',
  pid: 4711,
  subsystem: 'gateway/access',
  message: 'refused a request',
};

describe('the time of a log line', () => {
  it('is the moment itself', () => {
    const now = new Date();
    expect(Date.parse(logTime(now))).toBe(now.getTime());
  });

  it.each([
    ['UTC', '2026-01-31T11:00:00.250+00:00'],
    ['Europe/Berlin', '2026-01-31T12:00:00.250+01:00'],
    ['America/St_Johns', '2026-01-31T07:30:00.250-03:30'],
    ['Asia/Kolkata', '2026-01-31T16:30:00.250+05:30'],
  ])('is local in %s, with the offset', (TZ, expected) => {
    // A process reads its time zone once.
    const script = `${logTime.toString()}; console.log(logTime(new Date('2026-01-31T11:00:00.250Z')))`;
    const { stdout } = spawnSync(process.execPath, ['-e', script], { env: { TZ }, encoding: 'utf8' });
    expect(stdout.trim()).toBe(expected);
  });
});

describe('a log line', () => {
  it('is one object for programs, and comes back', () => {
    const line = { ...LINE, stack: 'Error: a\n  at b' };
    const json = logLineToJson(line);

    expect(json).not.toContain('\n');
    expect(parseLogLine(json)).toEqual(line);
  });

  it('is one line for people, whatever a client has put into it', () => {
    const text = logLineToText({ ...LINE, message: 'a\nb\u001b[31mc\u202ed' }, false);

    expect(text).toBe('2026-01-31T12:00:00.250+01:00 warn  gateway/access  a\ufffdb\ufffd[31mc\ufffdd');
  });

  it('has colour for its level alone, and the stack behind it', () => {
    const text = logLineToText({ ...LINE, level: 'error', stack: 'Error: a\n  at b' }, true);

    expect(text).toBe(
      '2026-01-31T12:00:00.250+01:00 \u001b[31merror\u001b[39m gateway/access  refused a request\nError: a\n  at b',
    );
  });

  it.each([
    '',
    'a line of the runtime',
    '{',
    '{}',
    'null',
    JSON.stringify({ ...LINE, level: 'loud' }),
    JSON.stringify({ ...LINE, time: 'yesterday' }),
    JSON.stringify({ ...LINE, pid: '4711' }),
    JSON.stringify({ ...LINE, message: 4 }),
  ])('is not %j', (text) => {
    expect(parseLogLine(text)).toBeUndefined();
  });

  it('is as grave as its own level, and as those below', () => {
    expect([isAsGraveAs('warn', 'warn'), isAsGraveAs('fatal', 'warn'), isAsGraveAs('info', 'warn')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { LaunchHistory, parseHistory } from '../../src/launcher/launch-history.js';
import { tempFolder } from '../kit/temp.js';

const NOW = Date.now();
const SECOND = 1_000;

function historyWith(running: object | null, deaths: unknown): { folder: string; history: LaunchHistory } {
  const folder = tempFolder();
  writeFileSync(join(folder, 'launcher.json'), JSON.stringify({ running, deaths }));
  return { folder, history: LaunchHistory.read(folder) };
}

describe('the pause after deaths', () => {
  it.each([
    ['none', [], 0],
    ['two', [NOW - 2 * SECOND, NOW], 0],
    ['three', [NOW - 100 * SECOND, NOW - 50 * SECOND, NOW], 20 * SECOND],
    ['four', [NOW - 110 * SECOND, NOW - 90 * SECOND, NOW - 80 * SECOND, NOW], 30 * SECOND],
    ['three, the first of them long ago', [NOW - 120 * SECOND, NOW - 50 * SECOND, NOW], 0],
    ['three in a future that a wrong clock has made', [NOW + SECOND, NOW + 2 * SECOND, NOW + 3 * SECOND], 0],
  ])('%s', (_name, deaths, pauseMs) => {
    expect(historyWith(null, deaths).history.pauseMs(NOW)).toBe(pauseMs);
  });
});

describe('a launched gateway that is not there any more', () => {
  const deadStart = { pid: process.pid, start: 'linux another-boot 1' };

  it('has died, if it was launched a short time ago', () => {
    const { folder, history } = historyWith({ ...deadStart, since: NOW - 100 * SECOND }, [NOW - SECOND, NOW - SECOND]);

    history.notice(NOW);

    expect(history.pauseMs(NOW)).toBe(119 * SECOND);
    expect(LaunchHistory.read(folder).pauseMs(NOW)).toBe(119 * SECOND);
    expect(LaunchHistory.read(folder).launched).toBeUndefined();
  });

  it('has died at an unknown time, if it was launched long ago', () => {
    const { history } = historyWith({ ...deadStart, since: NOW - 121 * SECOND }, [NOW - SECOND, NOW - SECOND]);

    history.notice(NOW);

    expect([history.pauseMs(NOW), history.launched]).toEqual([0, undefined]);
  });

  it('has not died while it runs', () => {
    const { folder, history } = historyWith(null, []);
    history.started(process.pid, NOW);

    LaunchHistory.read(folder).notice(NOW);

    expect(LaunchHistory.read(folder).launched).toMatchObject({ pid: process.pid, since: NOW });
  });
});

describe('launcher.json', () => {
  it.each([
    '',
    '{',
    'null',
    '[]',
    '7',
    '"x"',
    '{"deaths":7,"running":7}',
    '{"deaths":["x",-1,null],"running":{"pid":0}}',
  ])('with %j is a history without events', (text) => {
    expect(parseHistory(text)).toEqual([[], undefined]);
  });

  it('keeps ten deaths, however many there were', () => {
    const { folder, history } = historyWith(
      null,
      Array.from({ length: 5_000 }, (_, index) => NOW + index),
    );

    history.died(NOW);

    const { deaths } = JSON.parse(readFileSync(join(folder, 'launcher.json'), 'utf8')) as { deaths: number[] };
    expect(deaths.at(-1)).toBe(NOW);
    expect(deaths.length).toBeLessThanOrEqual(10);
    expect(readdirSync(folder)).toEqual(['launcher.json']);
  });

  it('may be a folder, which nothing can be remembered in', () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'launcher.json'));

    const history = LaunchHistory.read(folder);
    history.died();

    expect(readdirSync(folder)).toEqual(['launcher.json']);
    expect(LaunchHistory.read(folder).pauseMs()).toBe(0);
  });
});

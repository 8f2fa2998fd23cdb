import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { logTime } from '../../src/common/log-line.js';
import { call, cardOf, gone, launchFolder, launcher, start } from '../kit/launched.js';
import { freePort } from '../kit/ports.js';

jest.setTimeout(180_000);

const HOUR_MS = 3_600_000;

function lineOf(message: string, level: string, ageMs: number): string {
  const time = logTime(new Date(Date.now() - ageMs));
  return JSON.stringify({ time, level, pid: 1, subsystem: 'gateway', message });
}

/** A log that was rotated, with lines that no logger has written. */
function writeLog(folder: string): void {
  const old = [lineOf('first start', 'info', 30 * HOUR_MS), lineOf('first warning', 'warn', 29 * HOUR_MS)];
  const recent = [lineOf('second start', 'info', HOUR_MS), '-- a crash --', lineOf('third start', 'info', 60_000)];
  writeFileSync(join(folder, 'gateway.log.1'), `${old.join('\n')}\n`);
  writeFileSync(join(folder, 'gateway.log'), `${recent.join('\n')}\n`);
}

describe('logs', () => {
  it('shows lines for people, from rotated files too, and crashes as they are', async () => {
    const folder = launchFolder();
    writeLog(folder);

    const { code, stdout } = await call(folder, ['logs', '--limit', 4]);

    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^\S+ warn {2}gateway {2}first warning$/),
      expect.stringMatching(/^\S+ info {2}gateway {2}second start$/),
      '-- a crash --',
      expect.stringMatching(/^\S+ info {2}gateway {2}third start$/),
      '',
    ]);
  });

  it.each<[flags: readonly string[], lines: readonly unknown[]]>([
    [[], ['-- \ufffd[2Ja crash --\ta tab', expect.stringMatching(/ info {2}gateway {2}\ufffd\[31m all is well$/)]],
    [
      ['--json'],
      ['{"message":"-- \\u001b[2Ja crash --\\ta tab"}', expect.stringContaining('"\\u009b[31m all is well"')],
    ],
  ])('shows no escape codes of what was written there: %j', async (flags, lines) => {
    const folder = launchFolder();
    const planted = lineOf('\u009b[31m all is well', 'info', 0).replace('{', '{\r');
    writeFileSync(join(folder, 'gateway.log'), `-- \u001b[2Ja crash --\ta tab\n${planted}\n`);

    const { stdout } = await call(folder, ['logs', ...flags]);

    expect(stdout.split('\n')).toEqual([...lines, '']);
  });

  it('shows only what is recent, or grave, or both, and in JSON for scripts', async () => {
    const folder = launchFolder();
    writeLog(folder);
    const messages = async (...args: string[]): Promise<unknown[]> => {
      const { stdout } = await call(folder, ['logs', '--json', ...args]);
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { message: unknown }).message);
    };

    expect(await messages('--since', '2h')).toEqual(['second start', '-- a crash --', 'third start']);
    expect(await messages('--level', 'warn')).toEqual(['first warning', '-- a crash --']);
    expect(await messages('--since', '2d', '--level', 'info', '--limit', '1')).toEqual(['third start']);
  });

  it.each([
    ['--level', 'loud', '--level: "loud" is not a level; give one of fatal, error, warn, info, debug, trace\n'],
    ['--since', 'once', '--since: "once" is not a time; give one such as 30s, 10m, 2h, 1d or 2026-01-31T12:00\n'],
  ])('refuses %s %s in one line', async (flag, value, line) => {
    const { code, stderr } = await call(launchFolder(), ['logs', flag, value]);

    expect([code, stderr]).toEqual([64, line]);
  });

  it('says where the output of a gateway in the foreground is', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const program = launcher(folder, ['--port', port]);
    await program.output('stdout', /^gateway listening on/m);

    const { code, stderr } = await call(folder, ['logs']);

    // Node connects a child by a socket, as systemd connects a service.
    expect([code, stderr]).toEqual([
      66,
      `there is no ${folder}/gateway.log: the gateway with pid ${program.pid} runs in the foreground: its log is kept by the program that started it; in a systemd unit: journalctl _PID=${program.pid}\n`,
    ]);
  });

  it('has the sign of a death at the next start, and none after a stop', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const { pid } = await start(folder, port);
    process.kill(pid, 'SIGKILL');
    await gone(pid);

    const again = await call(folder, ['start', '--port', port]);
    await call(folder, ['stop', '--port', port]);
    const third = await call(folder, ['start', '--port', port]);

    const sign = new RegExp(`the last run, pid ${pid}, ended without a stop; last seen \\d{4}-\\d\\d-\\d\\dT\\S+`);
    expect(again.stderr).toMatch(new RegExp(`^${sign.source}\n$`));
    expect((await call(folder, ['logs', '--level', 'warn'])).stdout).toMatch(
      new RegExp(`^\\S+ warn {2}gateway/launcher {2}${sign.source}\n$`),
    );
    expect([third.code, third.stderr]).toEqual([0, '']);
    expect((await cardOf(port)).pid).not.toBe(pid);
  });
});

import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { until } from '../kit/deadline.js';
import { appears, call, cardOf, DYING, gone, launcher, launchFolder, logIn } from '../kit/launched.js';
import { freePort } from '../kit/ports.js';
import { BIN, Program } from '../kit/program.js';

const DEADLINE_MS = 90_000;

jest.setTimeout(2 * DEADLINE_MS);

describe('logs', () => {
  const LARGE = 10 * 1024 * 1024;

  /** Makes the log so large that the gateway rotates it at its next look. */
  async function fillAndRotate(folder: string, rotated: RegExp): Promise<void> {
    truncateSync(logIn(folder), LARGE);
    await appears(folder, rotated);
  }
  it('66 and one line where there is none; 64 for what it does not take', async () => {
    const folder = launchFolder();

    const missing = await call(folder, ['logs']);
    const lines = await call(folder, ['logs', '--lines', 'all']);
    const port = await call(folder, ['logs', '--port', '1']);

    expect([missing.code, missing.stderr]).toEqual([
      66,
      `there is no ${folder}/gateway.log: openclaw gateway start makes it\n`,
    ]);
    expect([lines.code, lines.stderr]).toEqual([64, expect.stringMatching(/^--lines: "all" is not a number.*\n$/)]);
    expect([port.code, port.stderr]).toEqual([64, '--port: logs takes --profile or --dev: leave it out\n']);
  });

  it('prints the last 100 lines, or as many as it is told', async () => {
    const folder = launchFolder();
    const lines = Array.from({ length: 150 }, (_, index) => `line ${index + 1}\n`);
    writeFileSync(logIn(folder), lines.join(''));

    const printed = [await call(folder, ['logs']), await call(folder, ['logs', '--lines', 120])];

    expect(printed.map(({ stdout }) => stdout)).toEqual([lines.slice(-100).join(''), lines.slice(-120).join('')]);
  });

  it('64 and one line where it is a pipe, that no start waits for', async () => {
    const folder = launchFolder();
    spawnSync('mkfifo', [join(folder, 'gateway.log')]);

    const { code, stderr } = await call(folder, ['logs']);

    expect([code, stderr]).toEqual([64, `${folder}/gateway.log is a special file, not a file: move it away\n`]);
  });

  it('--follow goes on over rotations, and ends with 0 on a signal and when its reader goes', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const file = join(folder, 'gateway.log');
    const env = { ...DYING, CRASH: 'chatter' };
    expect((await call(folder, ['start', '--port', port], env)).code).toBe(0);
    const [one, two, pipe] = [
      launcher(folder, ['logs', '--follow', '--lines', 0]),
      launcher(folder, ['logs', '-f', '-n', 1]),
      Program.start(
        'sh',
        ['-c', '("$0" "$1" gateway logs -f; echo "ended with $?" >&2) | head -1', process.execPath, BIN],
        {
          env: { OPENCLAW_STATE_DIR: folder },
        },
      ),
    ];
    await one.output('stdout', /chatter/);

    await fillAndRotate(folder, /^gateway\.log\.1$/);
    await fillAndRotate(folder, /^gateway\.log\.2$/);
    let last: string | undefined;
    await until(DEADLINE_MS, 'a line after the rotations', () => {
      last = /[\d.]+\n/.exec(readFileSync(file, 'utf8'))?.[0];
      return last !== undefined;
    });
    await until(DEADLINE_MS, 'that line where the log is followed', () => one.stdout.includes(last ?? ''));
    one.signal('SIGINT');
    two.signal('SIGTERM');

    expect([await one.exit(), await two.exit()]).toEqual(Array(2).fill({ code: 0, signal: null }));
    expect((await pipe.exit()).code).toBe(0);
    expect(pipe.stderr).toBe('ended with 0\n');
    // Each line says when it was written: none is missing, none comes twice.
    const times = one.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => Number(line.split(' ').at(-1)));
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is rotated when it has reached 10 MiB, and not before', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const file = join(folder, 'gateway.log');
    writeFileSync(file, '');
    // So much less that it is looked at at least once before it is there.
    truncateSync(file, LARGE - 30_000);

    const { code } = await call(folder, ['start', '--port', port], { ...DYING, CRASH: 'chatter' });

    expect(code).toBe(0);
    await appears(folder, /^gateway\.log\.1$/);
    expect(statSync(`${file}.1`).size).toBeGreaterThanOrEqual(LARGE);
  });

  it('has what the runtime says when it crashes, after rotations too', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const env = { ...DYING, CRASH: 'chatter then abort' };
    expect((await call(folder, ['start', '--port', port], env)).code).toBe(0);
    const { pid } = await cardOf(port);
    await fillAndRotate(folder, /^gateway\.log\.1$/);
    await fillAndRotate(folder, /^gateway\.log\.2$/);

    process.kill(pid, 'SIGUSR2');
    await gone(pid);

    const { stdout } = await call(folder, ['logs', '--lines', 40]);
    expect(stdout).toMatch(/^----- JavaScript stack trace -----$/m);
  });
});

import { openSync, closeSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

import { parse } from '../kit/openclaw.js';
import { freePort } from '../kit/ports.js';
import { BIN, fixture } from '../kit/program.js';
import { NO_SMALL_DISK, onSmallDisk } from '../kit/small-disk.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';

const DEADLINE_MS = 90_000;
const FILL = 'dd if=/dev/zero of=rest bs=4096 2>/dev/null';
/** The gateway is stopped before the script ends, since it would outlive it. */
const START = '"$1" "$2" gateway start --json --port "$3"; code=$?; "$1" "$2" gateway stop --port "$3" >&2; exit $code';

async function startOn(options: string, prepare: string): Promise<{ code: number | null; out: string; err: string }> {
  const folder = tempFolder();
  const args = [process.execPath, BIN, String(await freePort())];
  const program = onSmallDisk(folder, options, `${prepare} ${START}`, args, { OPENCLAW_STATE_DIR: folder });
  const { code } = await program.exit(DEADLINE_MS);
  return { code, out: program.stdout, err: program.stderr };
}

(NO_SMALL_DISK === '' ? describe : describe.skip)(`start on a full disk${NO_SMALL_DISK}`, () => {
  it('goes without the guard, which is a courtesy, and says so', async () => {
    const { code, out, err } = await startOn('size=64k,mode=700', `umask 077; : > gateway.log; ${FILL};`);

    expect(parse(out)).toMatchObject({ ok: true, started: true });
    expect(err).toMatch(
      /^\S+\/launcher\.pid: not to be read or written \(ENOSPC\): .*; starting without keeping other launchers away$/m,
    );
    expect(code).toBe(0);
  });

  it('that has no room for the log fails in one line, and in JSON: 71', async () => {
    // The folder is the one file that fits.
    const { code, out, err } = await startOn('size=64k,mode=700,nr_inodes=1', '');

    expect(parse(out)).toMatchObject({
      ok: false,
      failure: 'no storage',
      message: expect.stringMatching(/^\S+\/gateway\.log: not to be read or written \(ENOSPC\): /) as string,
      exitCode: 71,
    });
    expect(err).not.toMatch(/^ +at /m);
    expect(code).toBe(71);
  });
});

(LINUX ? describe : describe.skip)('a command whose output cannot be written', () => {
  it.each([
    ['openclaw', BIN, '--version'],
    ['openclaw', BIN, 'gateway --help'],
    ['openclaw', BIN, 'gateway ports --json'],
    ['a program of nest-commander', fixture('commander-gateway'), 'gateway --help'],
    ['a program of nest-commander', fixture('commander-gateway'), 'gateway ports --json'],
  ])('of %s fails in one line, and not without a word: %s %s', (_what, script, command) => {
    const full = openSync('/dev/full', 'w');
    try {
      const { status, stderr } = spawnSync(process.execPath, [script, ...command.split(' ')], {
        stdio: ['ignore', full, 'pipe'],
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: tempFolder() },
      });
      expect([status, stderr]).toEqual([1, 'standard output cannot be written (ENOSPC)\n']);
    } finally {
      closeSync(full);
    }
  });

  it.each([BIN, fixture('commander-gateway')])('is content when its reader goes: %s', (script) => {
    const { status, stderr } = spawnSync(
      'bash',
      ['-c', '"$0" "$1" gateway --help | true; exit ${PIPESTATUS[0]}', process.execPath, script],
      { encoding: 'utf8' },
    );
    expect([status, stderr]).toEqual([0, '']);
  });
});

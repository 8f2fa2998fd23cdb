import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { InputError } from '../../src/common/input.error.js';
import { NotAllowedError } from '../../src/common/not-allowed.error.js';
import { LaunchError } from '../../src/launcher/launch.error.js';
import { parseRecord } from '../../src/launcher/pid-file.js';
import { PidGuard } from '../../src/launcher/pid-guard.js';
import { processStart } from '../../src/launcher/process-identity.js';
import { onCleanUp } from '../kit/cleaner.js';
import { within } from '../kit/deadline.js';
import { fixture } from '../kit/program.js';
import { SEED, seededRandom } from '../kit/random.js';
import { tempFolder } from '../kit/temp.js';

const DEADLINE_MS = 20_000;
const ROUNDS = Number(process.env['GUARD_ROUNDS'] ?? 60);

const guardIn = (folder: string): string => join(folder, 'launcher.pid');
const recordOf = (pid: number, start: string | null): string =>
  `${JSON.stringify({ pid, start, since: Date.now(), id: 'of an earlier one' })}\n`;

/** The number of a process that has ended; that it is given anew at once would take the whole range of numbers. */
const deadPid = (): number => spawnSync(process.execPath, ['--version']).pid;

const STALE: readonly (readonly [string, () => string])[] = [
  ['a dead process', () => recordOf(deadPid(), null)],
  ['this process, as a number that is used again', () => recordOf(process.pid, 'linux another-boot 1')],
  ['no process: it is empty', () => ''],
  ['no process: it is rubbish', () => 'rubbish'],
  ['no process: it is JSON, but no record', () => '{"pid":-1}'],
  ['no process: it is large', () => '7'.repeat(1_000_000)],
];

async function refusalOf(folder: string): Promise<unknown> {
  return PidGuard.acquire(folder).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('the guard', () => {
  it('says who has it, and since when', async () => {
    const folder = join(tempFolder(), 'not/there/yet');
    const before = Date.now();
    await PidGuard.acquire(folder);

    const refusal = (await refusalOf(folder)) as LaunchError;

    expect(refusal).toBeInstanceOf(LaunchError);
    expect(refusal.message).toBe(`another launcher, pid ${process.pid}, has been starting this gateway for 0 s`);
    expect([refusal.code, refusal.holder?.pid]).toEqual(['held', process.pid]);
    expect(refusal.holder?.since).toBeGreaterThanOrEqual(before);
    expect(PidGuard.holderOf(folder)).toEqual(refusal.holder);
  });

  it('holds the pid and the start of its process, for this user alone, and goes with its release', async () => {
    const folder = tempFolder();
    const guard = await PidGuard.acquire(folder);

    const record = parseRecord(readFileSync(guardIn(folder), 'utf8'));
    expect(record).toMatchObject({ pid: process.pid, start: processStart(process.pid).mark ?? null });
    expect(statSync(guardIn(folder)).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['launcher.pid']);

    guard.release();
    guard.release();
    expect(readdirSync(folder)).toEqual([]);
    expect(PidGuard.holderOf(folder)).toBeUndefined();
  });

  it.each(STALE)('of %s is replaced', async (_whose, text) => {
    const folder = tempFolder();
    writeFileSync(guardIn(folder), text());

    await PidGuard.acquire(folder);

    expect(PidGuard.holderOf(folder)?.pid).toBe(process.pid);
    expect(readdirSync(folder)).toEqual(['launcher.pid']);
  });

  it('of another start is left alone by a release', async () => {
    const folder = tempFolder();
    const guard = await PidGuard.acquire(folder);
    writeFileSync(guardIn(folder), 'rubbish');
    const next = await PidGuard.acquire(folder);

    guard.release();
    expect(PidGuard.holderOf(folder)?.pid).toBe(process.pid);

    next.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is free in spite of what killed launchers have left', async () => {
    const folder = tempFolder();
    const leftovers = ['launcher.pid.0123', 'launcher.pid.4567'].map((name) => join(folder, name));
    const long = new Date(Date.now() - 3_600_000);
    for (const file of leftovers) {
      writeFileSync(file, recordOf(deadPid(), null));
      utimesSync(file, long, long);
    }

    await PidGuard.acquire(folder);

    expect(readdirSync(folder)).toEqual(['launcher.pid']);
  });

  it.each([
    ['a folder', (path: string) => mkdirSync(path)],
    ['a symbolic link', (path: string) => symlinkSync('nowhere', path)],
    ['a special file', (path: string) => void spawnSync('mkfifo', [path])],
  ])('is refused in one line where there is %s', async (what, make) => {
    const folder = tempFolder();
    make(guardIn(folder));

    const refusal = (await refusalOf(folder)) as Error;

    expect(refusal).toBeInstanceOf(InputError);
    expect(refusal.message).toBe(`${guardIn(folder)} is ${what}, not a file: move it away`);
  });

  const notRoot = process.getuid?.() === 0 ? it : it.skip;
  notRoot('is refused in one line where it is another user’s', async () => {
    const folder = tempFolder();
    writeFileSync(guardIn(folder), recordOf(deadPid(), null));
    chownSync(guardIn(folder), 65534, 65534);

    const refusal = (await refusalOf(folder)) as Error;

    expect(refusal).toBeInstanceOf(NotAllowedError);
    expect(refusal.message.split('\n')).toHaveLength(1);
    expect(refusal.message).toContain('belongs to another user (uid 65534)');
  });

  it('goes to one of many in one process that find a stale one', async () => {
    const folder = tempFolder();
    writeFileSync(guardIn(folder), 'rubbish');

    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => PidGuard.acquire(folder)));

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe(`launchers in a race (TEST_SEED=${SEED})`, () => {
  async function takers(count: number): Promise<ChildProcess[]> {
    const processes = Array.from({ length: count }, () => fork(fixture('guard-taker'), { env: {}, execArgv: [] }));
    onCleanUp(async () => {
      for (const child of processes.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
    });
    await answersOf(processes);
    return processes;
  }

  function answersOf(processes: readonly ChildProcess[]): Promise<unknown[]> {
    const answers = processes.map(async (child) => ((await once(child, 'message')) as [unknown])[0]);
    return within(DEADLINE_MS, 'an answer of each launcher', Promise.all(answers));
  }

  it(
    `one takes the guard, ${ROUNDS} times, whatever was there before`,
    async () => {
      const random = seededRandom(SEED);
      const processes = await takers(6);
      const before: (string | undefined)[] = [undefined, ...STALE.map(([, text]) => text())];
      const folder = tempFolder();

      for (let round = 0; round < ROUNDS; round++) {
        const text = before[Math.floor(random() * before.length)];
        if (text !== undefined) writeFileSync(guardIn(folder), text);
        const answers = answersOf(processes);
        for (const child of processes) child.send({ folder });
        expect((await answers).sort()).toEqual(['held', 'held', 'held', 'held', 'held', 'taken']);
        const released = answersOf(processes);
        for (const child of processes) child.send('release');
        await released;
      }

      expect(readdirSync(folder)).toEqual([]);
    },
    60_000 + ROUNDS * 500,
  );
});

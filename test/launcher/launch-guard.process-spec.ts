import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { PidGuard } from '../../src/launcher/pid-guard.js';
import { appears, call, cardOf, DYING, gone, launcher, launchFolder, processesIn, start } from '../kit/launched.js';
import { freePort } from '../kit/ports.js';
import { parse } from '../kit/openclaw.js';
import { SEED, seededRandom } from '../kit/random.js';

const DEADLINE_MS = 90_000;
const KILLS = Number(process.env['LAUNCHER_KILLS'] ?? 6);

jest.setTimeout(2 * DEADLINE_MS);

describe('the guard of a launch', () => {
  it('of a process that is dead, of another with the same number, or garbled, prevents no start', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const record = { since: Date.now(), id: 'of an earlier one' };
    const dead = spawnSync(process.execPath, ['--version']).pid;

    for (const text of [
      JSON.stringify({ ...record, pid: dead, start: null }),
      JSON.stringify({ ...record, pid: process.pid, start: 'linux another-boot 1' }),
      'rubbish',
    ]) {
      writeFileSync(join(folder, 'launcher.pid'), text);
      const { pid, started } = await start(folder, port);

      expect([text, started]).toEqual([text, true]);
      expect(readdirSync(folder).sort()).toEqual(['gateway.log', 'gateway.secret', 'launcher.json']);
      expect((await call(folder, ['stop', '--port', port])).code).toBe(0);
      await gone(pid);
    }
  });

  it(`a launcher that is killed at a random instant prevents no start (TEST_SEED=${SEED})`, async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const random = seededRandom(SEED);

    for (let kill = 0; kill < KILLS; kill++) {
      const program = launcher(folder, ['start', '--port', port]);
      await delay(random() * 1_200);
      program.signal('SIGKILL');
      await program.exit();

      const { pid } = await start(folder, port);

      expect((await cardOf(port)).pid).toBe(pid);
      expect((await call(folder, ['stop', '--port', port])).code).toBe(0);
      await gone(pid);
      // A second one, should the killed launcher have left one that was not yet bound, is refused and goes.
      for (const other of processesIn(folder)) await gone(other);
    }
    // The file of one that was killed when its gateway was ready may be there still, and prevents no start.
    expect(PidGuard.holderOf(folder)).toBeUndefined();
  });

  it('deleted or garbled while launching: several launchers, one gateway', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const guard = join(folder, 'launcher.pid');
    const launchers = Array.from({ length: 6 }, () => launcher(folder, ['start', '--json', '--port', port]));
    const over = new AbortController();
    const ended = Promise.all(launchers.map((program) => program.exit(DEADLINE_MS))).finally(() => over.abort());

    for (let turn = 0; !over.signal.aborted; turn++) {
      if (turn % 2 === 0) rmSync(guard, { force: true });
      else if (existsSync(guard)) writeFileSync(guard, 'rubbish');
      await delay(5);
    }

    expect((await ended).map(({ code }) => code)).toEqual(launchers.map(() => 0));
    const { pid } = await cardOf(port);
    for (const { stdout } of launchers) expect(parse(stdout)['pid']).toBe(pid);
    for (const other of processesIn(folder).filter((one) => one !== pid)) await gone(other);
    expect(processesIn(folder)).toEqual([pid]);
  });

  it('held by a launcher that is frozen: the other says who, with 75, and starts nothing', async () => {
    const [folder, port] = [launchFolder(), await freePort()];
    const frozen = launcher(folder, ['start', '--port', port], { ...DYING, CRASH: 'hang' });
    await appears(folder, /^launcher\.json$/);
    frozen.signal('SIGSTOP');

    const { code, stderr } = await call(folder, ['start', '--port', port, '--timeout', 500]);

    expect(stderr).toMatch(
      new RegExp(`^another launcher, pid ${frozen.pid}, has been starting this gateway for \\d+ s\n$`),
    );
    expect(code).toBe(75);
    expect(processesIn(folder)).toHaveLength(1);
  });
});

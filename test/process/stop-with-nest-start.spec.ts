import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { stopWithNestStart } from '../../src/process/stop-with-nest-start.js';
import { onCleanUp } from '../kit/cleaner.js';
import { Program } from '../kit/program.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';

const CHECK_INTERVAL_MS = 500;

/** A process that is called with these arguments, and is the parent of this one until the test ends. */
async function parent(name: string, ...args: string[]): Promise<Program> {
  const script = join(tempFolder(), name);
  writeFileSync(script, "process.stdout.write('up'); setInterval(() => undefined, 60_000)");
  const program = Program.node(script, args);
  await program.output('stdout', /up/);
  const before = Object.getOwnPropertyDescriptor(process, 'ppid') ?? {};
  Object.defineProperty(process, 'ppid', { value: program.pid, configurable: true });
  onCleanUp(() => void Object.defineProperty(process, 'ppid', { ...before, configurable: true }));
  return program;
}

/**
 * Makes the clock of the checks one of the test.
 *
 * @returns the signals that this process has sent itself, which it does not receive
 */
function stopClock(): unknown[] {
  const signals: unknown[] = [];
  const send = process.kill.bind(process);
  const kill = jest.spyOn(process, 'kill').mockImplementation((pid, signal) => {
    if (pid !== process.pid) return send(pid, signal);
    signals.push(signal);
    return true;
  });
  jest.useFakeTimers({ doNotFake: ['setTimeout', 'clearTimeout', 'performance', 'nextTick', 'setImmediate'] });
  onCleanUp(() => {
    jest.useRealTimers();
    kill.mockRestore();
  });
  return signals;
}

(LINUX ? describe : describe.skip)('an app under nest start', () => {
  it('stops in order when that is gone, and not before', async () => {
    const starter = await parent('nest', 'start');
    const signals = stopClock();
    stopWithNestStart();

    jest.advanceTimersByTime(CHECK_INTERVAL_MS);
    expect(signals).toEqual([]);

    starter.signal('SIGKILL');
    await starter.exit();
    jest.advanceTimersByTime(3 * CHECK_INTERVAL_MS);
    expect(signals).toEqual(['SIGTERM']);
  });

  it.each([
    ['another program', 'server', 'start'],
    ['another command of nest', 'nest', 'build'],
  ])('is none under %s', async (_what, name, command) => {
    await parent(name, command);
    stopClock();

    stopWithNestStart();

    expect(jest.getTimerCount()).toBe(0);
  });
});

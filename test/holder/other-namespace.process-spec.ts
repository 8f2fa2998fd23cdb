import { spawnSync } from 'node:child_process';

import { BIN, Program } from '../kit/program.js';
import { startCardHolder } from './card-holder.js';

const FLAGS = ['-p', '--fork', '--kill-child'];
const CHOOSES_NUMBERS =
  spawnSync('unshare', [...FLAGS, 'sh', '-c', 'echo 1000 > /proc/sys/kernel/ns_last_pid']).status === 0;
const reason = CHOOSES_NUMBERS
  ? ''
  : ' (`unshare -p` can make no PID namespace here and choose its numbers: run as root)';

/** An innocent process gets the number that the holder has outside, and a command is run beside it. */
const BESIDE_INNOCENT = `
  echo $(($1 - 1)) > /proc/sys/kernel/ns_last_pid
  sleep 600 &
  echo innocent $!
  shift
  "$@"
  kill -0 $! && echo alive
`;

(CHOOSES_NUMBERS ? describe : describe.skip)(`a caller whose /proc is of another PID namespace${reason}`, () => {
  it.each([['stop'], ['--force'], ['--force=kill']])(
    'does not signal the process of that number: %s',
    async (command) => {
      const { program, port } = await startCardHolder({ title: 'openclaw-gateway' });
      const gateway = [process.execPath, BIN, 'gateway', command, '--port', String(port)];

      const caller = Program.start('unshare', [
        ...FLAGS,
        'sh',
        '-c',
        BESIDE_INNOCENT,
        'sh',
        String(program.pid),
        ...gateway,
      ]);
      await caller.exit();

      expect(caller.stdout).toContain(`innocent ${program.pid}\n`);
      expect(caller.stdout).toMatch(/^alive$/m);
      expect(program.signal('SIGCONT')).toBe(true);
    },
  );
});

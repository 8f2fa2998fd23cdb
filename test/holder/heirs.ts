import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:net';

import { onCleanUp } from '../kit/cleaner.js';

/** The pid of a new process that has a listening socket of ours open; it is gone when the test ends. */
export async function heirOf(server: Server): Promise<number> {
  const { fd } = (server as Server & { _handle: { fd: number } })._handle;
  const child = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
  const ended = once(child, 'exit');
  onCleanUp(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await once(child, 'spawn');
  return child.pid ?? 0;
}

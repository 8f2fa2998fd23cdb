import { linkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Server, Socket } from 'node:net';

import { profileSocketPath } from '../../src/state-folder/profile-lock.js';
import { stranger } from './net.js';
import { freePort } from './ports.js';
import { BIN, Program, type StartOptions } from './program.js';

/** `openclaw gateway` on a state folder, on a port that was free a moment ago. */
export async function startOn(
  stateFolder: string,
  flags: readonly string[] = [],
  { env, ...options }: StartOptions = {},
): Promise<{ program: Program; port: number }> {
  const port = await freePort();
  const program = Program.node(BIN, ['gateway', '--port', port, ...flags], {
    ...options,
    env: { OPENCLAW_STATE_DIR: stateFolder, ...env },
  });
  return { program, port };
}

/** The same, serving. */
export async function serveOn(
  stateFolder: string,
  flags: readonly string[] = [],
): Promise<{ program: Program; port: number }> {
  const started = await startOn(stateFolder, flags);
  await started.program.output('stdout', /^gateway listening on /m);
  return started;
}

/** The local socket that stands for a folder on this machine. */
export function socketOf(stateFolder: string): string {
  const { dev: device, ino: inode } = statSync(stateFolder, { bigint: true });
  return profileSocketPath(stateFolder, { device, inode });
}

/** A process that is no gateway, and has the lock of a folder; closed when the test ends. */
export async function strangerOn(stateFolder: string, onConnection?: (socket: Socket) => void): Promise<Server> {
  return stranger({ path: socketOf(stateFolder) }, onConnection);
}

/** A socket file as a gateway leaves it that was killed. */
export async function leaveDeadSocket(stateFolder: string): Promise<void> {
  const path = join(stateFolder, 'gateway.sock');
  const server = await stranger({ path: `${path}.victim` });
  rmSync(path, { force: true });
  linkSync(`${path}.victim`, path);
  // Node takes away the name that it has bound, and knows nothing of the other.
  server.close();
}

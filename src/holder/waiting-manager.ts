import { existsSync, readdirSync, statSync } from 'node:fs';

import { readTextIfAllowed } from '../common/process-files.js';
import type { PortOwner } from '../listener/holder.js';
import { describeProcess, hasOpen, socketsServing } from './port-owner-linux.js';

/** What systemd(1) is called in /proc/PID/comm, as the first process of the machine and as the manager of a user. */
const MANAGER_NAME = 'systemd';

/**
 * The service manager that holds a port while no process of its service runs: it keeps the listener of a gateway that it
 * starts again, or waits for the first connection. To connect would start that service, so this is asked before.
 *
 * @param managerSocket a file that is there where this user, or the machine, has a manager at all
 * @returns `undefined` where a process has the port too, where no manager has it, and elsewhere than on Linux
 */
export async function findWaitingManager(
  host: string,
  port: number,
  deadline: number,
  managerSocket = socketOfManager(),
): Promise<PortOwner | undefined> {
  // Most starts have no manager that could wait, and are not to look through all processes for one.
  if (process.platform !== 'linux' || !existsSync(managerSocket)) return undefined;
  const sockets = socketsServing(host, port);
  if (sockets.size === 0) return undefined;
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const manager = pids.find((pid) => isManager(pid) && hasOpen(pid, sockets, deadline));
  if (manager === undefined) return undefined;
  // Any process that has the listener accepts from it, or will.
  const isAlone = pids.every((pid) => pid === manager || !hasOpen(pid, sockets, deadline));
  return isAlone && performance.now() < deadline ? describeProcess(manager) : undefined;
}

function socketOfManager(): string {
  const uid = process.geteuid?.() ?? 0;
  return uid === 0 ? '/run/systemd/private' : `/run/user/${uid}/systemd/private`;
}

/** A process can take any name: so it has to be of root or of this user, whose processes can do what this one can. */
function isManager(pid: number): boolean {
  if (readTextIfAllowed(`/proc/${pid}/comm`).trim() !== MANAGER_NAME) return false;
  try {
    const { uid } = statSync(`/proc/${pid}`);
    return uid === 0 || uid === process.geteuid?.();
  } catch {
    return false;
  }
}

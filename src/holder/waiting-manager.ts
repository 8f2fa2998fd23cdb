import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { promisify } from 'node:util';

import { linkOf, parseProcessStat, processIds, readTextIfAllowed } from '../common/process-files.js';
import type { PortOwner } from '../listener/holder.js';
import { describeProcess, hasOpen, socketsServing, socketUserOnLinux } from './port-owner-linux.js';

const execute = promisify(execFile);

/** What systemd(1) is called in /proc/PID/comm, as the first process of the machine and as the manager of a user. */
const MANAGER_NAME = 'systemd';
const FIRST_PID = 1;
const ROOT_UID = 0;

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
  const pids = processIds();
  const user = socketUserOnLinux(host, port);
  const isOwnSocket = user === process.geteuid?.();
  const manager = pids.find(
    (pid) => isManager(pid, user) && (hasOpen(pid, sockets, deadline) || (isOwnSocket && isHidden(pid))),
  );
  if (manager === undefined) return undefined;
  // Any process that has the listener accepts from it, or will.
  const isAlone = pids.every((pid) => pid === manager || !hasOpen(pid, sockets, deadline));
  if (!isAlone || performance.now() >= deadline) return undefined;
  return !isHidden(manager) || (await saysItHolds(port, deadline)) ? describeProcess(manager) : undefined;
}

/**
 * Whether this user may not see what its own manager has open: from systemd 254 on, that has a capability which the user
 * has not (pam_systemd(8), proc_pid_fd(5)). A manager that has ended shows nothing either.
 */
function isHidden(pid: number): boolean {
  if (userOf(pid) !== process.geteuid?.() || linkOf(`/proc/${pid}/fd/0`) !== '') return false;
  return parseProcessStat(readTextIfAllowed(`/proc/${pid}/stat`)).state !== 'Z';
}

/**
 * The manager's own word: a `.socket` unit is on the port, or it keeps descriptors of a service that it starts again.
 *
 * @returns true too where it does not say in time: a wait is taken back sooner than a start
 */
async function saysItHolds(port: number, deadline: number): Promise<boolean> {
  const properties = '--property=ActiveState,SubState,Listen,NFileDescriptorStore';
  const args = ['--user', 'show', properties, '*.socket', '*.service'];
  // In other locales the texts are others.
  const env = { ...process.env, LC_ALL: 'C' };
  const timeout = Math.ceil(Math.max(deadline - performance.now(), 1));
  try {
    const { stdout } = await execute('systemctl', args, { env, timeout });
    return stdout.split('\n\n').some((unit) => {
      const listens = unit.includes('ActiveState=active') && unit.includes(`:${port} (Stream)`);
      return listens || (/^SubState=auto-restart/m.test(unit) && /^NFileDescriptorStore=[1-9]/m.test(unit));
    });
  } catch (error) {
    return (error as { readonly killed?: boolean }).killed === true;
  }
}

function socketOfManager(): string {
  const uid = process.geteuid?.() ?? 0;
  return uid === 0 ? '/run/systemd/private' : `/run/user/${uid}/systemd/private`;
}

/**
 * A process can take any name. So the manager has to be of root, or of this user, whose processes can do what this one
 * can. And it has to have made the listener itself, since another user can hand one to a program of root's that changes
 * its user. The first process of the machine may keep a listener for a service of any user.
 *
 * @param socketUser the user whose process made the listener
 */
function isManager(pid: number, socketUser: number | undefined): boolean {
  if (readTextIfAllowed(`/proc/${pid}/comm`).trim() !== MANAGER_NAME) return false;
  const uid = userOf(pid);
  if (uid === undefined || (uid !== ROOT_UID && uid !== process.geteuid?.())) return false;
  return pid === FIRST_PID || uid === socketUser;
}

function userOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}

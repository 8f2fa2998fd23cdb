import { join } from 'node:path';

import { readIfThere } from '../common/own-file.js';
import { isAlive, parseProcessStat, readTextIfAllowed } from '../common/process-files.js';
import { isWholeNumber } from '../common/whole-number.js';
import { UNKNOWN_ADDRESS } from '../listener/gateway-lock.error.js';
import type { Holder } from '../listener/holder.js';
import { isRefused } from '../listener/is-refused.js';
import { ANCHOR_HOST, gatewayUrl, MAX_PORT } from '../listener/listen-address.js';

const PROBE_MS = 500;

/** What OpenClaw 2026.9 writes into its lock, as far as it is of use here. */
interface LockFile {
  readonly pid?: unknown;
  /** Missing for a command that writes to the folder and does not listen. */
  readonly port?: unknown;
  /** On Linux field 22 of /proc/PID/stat (proc_pid_stat(5)). */
  readonly startTime?: unknown;
}

/**
 * The OpenClaw that runs in a state folder. It has a lock of its own there, which it does not share with us: a file that
 * stays after a crash, so that its process has to be there too. The file is read and never written.
 */
export async function findOpenClaw(stateFolder: string): Promise<Holder | undefined> {
  const { pid, port, startTime } = readLock(stateFolder);
  if (!isWholeNumber(pid, 1, Infinity) || !isAlive(pid)) return undefined;
  const isListener = isWholeNumber(port, 1, MAX_PORT);
  if (!(await isSameProcess(pid, startTime, isListener ? port : undefined))) return undefined;
  return {
    verdict: 'foreign',
    isOpenClaw: true,
    url: isListener ? gatewayUrl(ANCHOR_HOST, port) : UNKNOWN_ADDRESS,
    ownership: 'unknown',
    owner: { pid, isGateway: isListener, pidsInNamespaces: [pid] },
  };
}

/** Whether the process with the number in the lock is the one that wrote it, and not a later one. */
async function isSameProcess(pid: number, startTime: unknown, port: number | undefined): Promise<boolean> {
  const { startTicks } = parseProcessStat(readTextIfAllowed(`/proc/${pid}/stat`));
  if (startTicks !== undefined && typeof startTime === 'number') return Number(startTicks) === startTime;
  // Without /proc, or by an older version: a gateway listens. What only writes to the folder is given the doubt.
  return port === undefined || !(await isRefused({ host: ANCHOR_HOST, port }, PROBE_MS));
}

/** An empty object where there is no lock, or none that can be read. */
function readLock(stateFolder: string): LockFile {
  const uid = process.getuid?.();
  const file = join(stateFolder, 'tmp', uid === undefined ? 'openclaw' : `openclaw-${uid}`, 'gateway.state.lock');
  try {
    const value: unknown = JSON.parse(readIfThere(file) ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

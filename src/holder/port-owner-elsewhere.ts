import { promisify } from 'node:util';

import { readableCommand } from '../common/printable.js';
import type { PortOwner } from '../listener/holder.js';
import { IPV6_WILDCARD } from '../listener/listen-address.js';
import { GATEWAY_SERVICE } from './card.js';
import { canonicalAddress, listenersServing } from './serving-address.js';

/** One process on one address of a port, as the package `pid-port` lists them. */
export interface PortBinding {
  /** An IP address; `*` for the wildcard of IPv6, and on macOS for that of IPv4 as well. */
  readonly host: string;
  readonly pid: number;
}

/**
 * Finds the process on macOS and Windows, which have no file to read it from. `pid-port` runs `netstat` and knows its
 * formats; `ps`, or `tasklist`, then describes the process.
 *
 * @returns `undefined` when nothing listens
 * @throws {Error} the optional package is not installed, or a program failed
 */
export async function findPortOwnerElsewhere(
  host: string,
  port: number,
  deadline: number,
): Promise<PortOwner | undefined> {
  // Loaded here, as node:child_process is below, so that Linux never pays for it.
  // Bundlers take a package that is not installed for a mistake, unless the failure is handled here.
  const { portBindings } = await import('pid-port').catch((error: unknown) => {
    throw error;
  });
  const pid = pidServing(await portBindings(port, { host: '*' }), host);
  if (pid === undefined) return undefined;
  const remainingMs = Math.max(1, deadline - performance.now());
  return process.platform === 'win32' ? describeOnWindows(pid, remainingMs) : describeOnUnix(pid, remainingMs);
}

export function pidServing(bindings: readonly PortBinding[], host: string): number | undefined {
  const listeners = bindings.map(({ host: bound, pid }) => ({
    address: bound === '*' ? IPV6_WILDCARD : canonicalAddress(bound),
    pid,
  }));
  return listenersServing(listeners, host)[0]?.pid;
}

async function run(
  program: string,
  args: readonly string[],
  options: { readonly timeout: number; readonly env?: NodeJS.ProcessEnv; readonly windowsHide?: boolean },
): Promise<string> {
  const { execFile } = await import('node:child_process');
  return (await promisify(execFile)(program, args, options)).stdout;
}

async function describeOnUnix(pid: number, timeout: number): Promise<PortOwner> {
  // In other locales the date has other formats.
  const env = { ...process.env, LC_ALL: 'C' };
  const args = ['-ww', '-o', 'uid=,user=,lstart=,args=', '-p', String(pid)];
  return parsePs(pid, await run('ps', args, { timeout, env }));
}

const PS_ROW = /^\s*(\d+)\s+(\S+)\s+(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})\s+(.*)$/m;

/** @param output of ps(1) with the columns `uid user lstart args` */
export function parsePs(pid: number, output: string): PortOwner {
  const [row, uid = '', user = '', start = '', args = ''] = PS_ROW.exec(output) ?? [];
  if (row === undefined) return { pid, isGateway: false, pidsInNamespaces: [pid] };
  const command = readableCommand(args);
  return {
    pid,
    user,
    uid: Number(uid),
    ...(command !== undefined && { command }),
    startedAt: Date.parse(start),
    isGateway: args === GATEWAY_SERVICE || args.startsWith(`${GATEWAY_SERVICE} `),
    pidsInNamespaces: [pid],
  };
}

async function describeOnWindows(pid: number, timeout: number): Promise<PortOwner> {
  const args = ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH'];
  return parseTasklist(pid, await run('tasklist', args, { timeout, windowsHide: true }));
}

/**
 * Windows does not show the title of a process, and its arguments only to a PowerShell, which takes longer to start than
 * a verdict may. So every process that runs on Node counts as a gateway.
 *
 * @param output of `tasklist /FO CSV /NH`: the name of the program, and the pid
 */
export function parseTasklist(pid: number, output: string): PortOwner {
  const [, image] = new RegExp(`^"([^"]+)","${pid}",`, 'm').exec(output) ?? [];
  const command = image && readableCommand(image);
  return {
    pid,
    ...(command && { command }),
    isGateway: image !== undefined && /^(?:node|openclaw)(?:\.exe)?$/i.test(image),
    pidsInNamespaces: [pid],
  };
}

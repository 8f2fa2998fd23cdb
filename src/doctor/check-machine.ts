import { readFileSync, realpathSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { delimiter, join } from 'node:path';

import { isLoopbackHost } from '../listener/listen-address.js';
import { HTTP_DEFAULTS, WS_DEFAULTS } from '../options/serving.options.js';
import { findOpenClaw } from '../state-folder/openclaw-lock.js';
import type { Finding, Patient } from './finding.js';

/** What a gateway has open beside its connections: listeners, log, timers, the modules of an app. */
const OWN_DESCRIPTORS = 64;
const NEEDED_DESCRIPTORS = WS_DEFAULTS.maxConnections + HTTP_DEFAULTS.maxIdleConnections + OWN_DESCRIPTORS;
/** Node raises the soft limit to the hard one when it starts; fewer than that is a limit for a shell, not for a server. */
const MIN_DESCRIPTORS = 1_024;

/** Whether `localhost` has its second address. */
export function checkIPv6(interfaces = networkInterfaces()): Finding {
  const check = 'IPv6';
  const addresses = Object.values(interfaces).flatMap((list) => list ?? []);
  if (addresses.some(({ address }) => address === '::1')) return { check, level: 'ok', text: 'this machine has ::1' };
  return { check, level: 'note', text: 'this machine has no ::1: a gateway serves 127.0.0.1 alone' };
}

/** How many connections a process of this user can have (proc_pid_limits(5)). */
export function checkDescriptors(read: () => string = readLimits): Finding {
  const check = 'descriptors';
  const [, soft] = /^Max open files +(\S+)/m.exec(read()) ?? [];
  if (soft === undefined) return { check, level: 'ok', text: 'this system does not tell their limit' };
  const limit = soft === 'unlimited' ? Infinity : Number(soft);
  const text = `a process may have ${soft} open, and a gateway with all its clients has ${NEEDED_DESCRIPTORS}`;
  if (limit >= NEEDED_DESCRIPTORS) return { check, level: 'ok', text };
  const wayOut = `raise it: ulimit -n ${NEEDED_DESCRIPTORS}, or LimitNOFILE= in the unit`;
  return { check, level: limit < MIN_DESCRIPTORS ? 'problem' : 'note', text, wayOut };
}

/** Whether OpenClaw itself is at work in the state folder, or has the name of the command. */
export async function checkOpenClaw(
  { profile, program }: Pick<Patient, 'profile' | 'program'>,
  path = process.env['PATH'] ?? '',
): Promise<Finding> {
  const check = 'OpenClaw';
  const running = await findOpenClaw(profile.stateFolder);
  if (running) {
    return {
      check,
      level: 'problem',
      text: `OpenClaw uses ${profile.stateFolder} (pid ${String(running.owner?.pid)})`,
      wayOut: 'stop it with its own command, or use another profile with --profile',
    };
  }
  const other = otherCommand(program, path);
  if (other === undefined) return { check, level: 'ok', text: 'it does not run in the state folder' };
  return {
    check,
    level: 'note',
    text: `${program} on the PATH is another program: ${other}`,
    wayOut: 'call this one openclaw-gateway, which is no name of another package',
  };
}

/** Whether a gateway that more than this machine can reach knows what is in front of it. */
export function checkProxies({ settings }: Pick<Patient, 'settings'>): Finding {
  const check = 'proxies';
  const { host, allowHosts, trustedProxies } = settings;
  if (trustedProxies.length > 0) return { check, level: 'ok', text: `trusted: ${trustedProxies.join(', ')}` };
  if (allowHosts.length > 0) {
    return {
      check,
      level: 'note',
      text: `clients call this gateway ${allowHosts.join(', ')}, and no proxy is trusted: all that come through one look like one client`,
      wayOut: 'name the address of the proxy with --trusted-proxy, if there is one',
    };
  }
  const where = isLoopbackHost(host) ? 'only names and addresses of this machine' : 'only its addresses';
  return {
    check,
    level: 'ok',
    text: `none is trusted; ${where} are let in as Host: a proxy that passes on another name needs --allow-host`,
  };
}

/** The first command of this name on the PATH, where it is not the script that runs now. */
function otherCommand(program: string, path: string): string | undefined {
  const own = realPath(process.argv[1] ?? '');
  const [first] = path
    .split(delimiter)
    .map((folder) => realPath(join(folder, program)))
    .filter((found) => found !== undefined);
  return first === own ? undefined : first;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

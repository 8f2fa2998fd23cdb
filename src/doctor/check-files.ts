import { readdirSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { NotAllowedError } from '../common/not-allowed.error.js';
import { codeOf, refuseForeign } from '../common/own-file.js';
import type { Finding, Patient } from './finding.js';

/** Room for the log and the five before it, of 10 MiB each. */
const MIN_FREE_BYTES = 64 * 1024 * 1024;
/** What clocks of machines that share a folder differ by. */
const CLOCK_TOLERANCE_MS = 60_000;
/** The first year in which there was such a gateway. */
const FIRST_YEAR = 2025;

/** Whether the state folder and all files of a gateway in it are this user's alone. */
export function checkOwners({ profile: { stateFolder } }: Pick<Patient, 'profile'>): Finding {
  const check = 'files';
  for (const path of [stateFolder, ...filesIn(stateFolder)]) {
    try {
      refuseForeign(path, statSync(path), { orRoots: path.endsWith('openclaw.json') });
    } catch (error) {
      if (error instanceof NotAllowedError) {
        const [text = '', ...wayOut] = error.message.split(': ');
        return { check, level: 'problem', text, wayOut: wayOut.join(': ') };
      }
      if (codeOf(error) === 'ENOENT' && path === stateFolder) {
        return { check, level: 'ok', text: `${stateFolder} is made by the first start` };
      }
      if (codeOf(error) !== 'ENOENT') {
        return {
          check,
          level: 'problem',
          text: `${path} cannot be looked at (${codeOf(error)})`,
          wayOut: 'fix its mode',
        };
      }
    }
  }
  return { check, level: 'ok', text: `${stateFolder} and the gateway's files in it are this user's alone` };
}

/** Whether the file system of the state folder has room for a log. */
export function checkDisk({ profile: { stateFolder } }: Pick<Patient, 'profile'>, read = statfsSync): Finding {
  const check = 'disk';
  const folder = nearestFolder(stateFolder);
  try {
    const { bavail, bsize, ffree, files } = read(folder);
    const free = bavail * bsize;
    const text = `${Math.floor(free / (1024 * 1024))} MiB are free at ${folder}`;
    if (free < MIN_FREE_BYTES) {
      return { check, level: 'problem', text, wayOut: 'the log alone may take 60 MiB: make room' };
    }
    // Some file systems count no inodes, and say 0 of 0.
    if (files > 0 && ffree === 0)
      return { check, level: 'problem', text: `no inode is free at ${folder}`, wayOut: 'delete files' };
    return { check, level: 'ok', text };
  } catch (error) {
    return { check, level: 'note', text: `the free space at ${folder} is not known (${codeOf(error)})` };
  }
}

/** Whether the clock tells a time that can be: that of files in the state folder lies behind it. */
export function checkClock({ profile: { stateFolder } }: Pick<Patient, 'profile'>, now = Date.now()): Finding {
  const check = 'clock';
  const wayOut = 'set the clock: timedatectl set-ntp true';
  const shown = new Date(now).toISOString();
  if (new Date(now).getUTCFullYear() < FIRST_YEAR)
    return { check, level: 'problem', text: `it cannot be ${shown}`, wayOut };
  const ahead = filesIn(stateFolder).find((file) => modifiedAt(file) > now + CLOCK_TOLERANCE_MS);
  if (ahead === undefined) return { check, level: 'ok', text: shown };
  return { check, level: 'note', text: `it is ${shown}, and ${ahead} is of a later time`, wayOut };
}

/** The files that a gateway of ours makes or reads. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^(?:gateway\.|launcher\.|openclaw\.json$)/.test(name))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function nearestFolder(folder: string): string {
  try {
    if (statSync(folder).isDirectory()) return folder;
  } catch {
    // It is made by the first start, in one of those above it.
  }
  const above = dirname(folder);
  return above === folder ? folder : nearestFolder(above);
}

function modifiedAt(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

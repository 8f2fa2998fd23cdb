import { execFile } from 'node:child_process';

import { ServiceError } from './service.error.js';

export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the programs of a service manager print goes into memory; a status has a few lines. */
const MAX_BYTES = 1024 * 1024;

/**
 * Runs a program of the service manager, whatever it ends with.
 *
 * @throws {ServiceError} `not there`: this machine does not have it
 */
export function runProgram(program: string, args: readonly string[]): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    // In other locales the texts are others.
    const env = { ...process.env, LC_ALL: 'C' };
    execFile(program, args, { env, maxBuffer: MAX_BYTES }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') {
        reject(new ServiceError('not there', `${program} cannot be run (${error.code ?? error.message})`));
      } else resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

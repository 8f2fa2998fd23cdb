import { rmSync } from 'node:fs';

import { InputError } from '../common/input.error.js';
import { NotAllowedError } from '../common/not-allowed.error.js';
import { codeOf } from '../common/own-file.js';
import { replaceWhole } from '../common/private-file.js';
import { diffOf, findInstalled, isInstalled, type FoundFile } from './installed-file.js';
import { ServiceError } from './service.error.js';

/** A file of a service manager, as it is to be. */
export interface ServiceFile {
  readonly path: string;
  /** `undefined` where there is to be none. */
  readonly text: string | undefined;
}

/** What is done with a file. */
export interface FileChange extends ServiceFile {
  readonly change: 'written' | 'replaced' | 'unchanged' | 'removed';
  /** The lines that change, with `-` and `+` before them. */
  readonly diff: readonly string[];
}

/**
 * What is to be done, without doing it. A file that a person has changed is not lost unless it is told so.
 *
 * @param force replaces what was changed by hand
 * @param wayOut what a person does who has changed one, for the message
 * @throws {InputError} a file was changed by hand
 * @throws {ServiceError} `foreign`: a file was not written by an install
 */
export function planChanges(files: readonly ServiceFile[], force: boolean, wayOut: string): FileChange[] {
  return files.flatMap((file): FileChange[] => {
    const { path, text } = file;
    if (text === undefined) return isInstalled(path) ? [{ ...file, change: 'removed', diff: [] }] : [];
    const found = findInstalled(path, text);
    refuseOthers(path, text, found, force, wayOut);
    if (found.kind === 'missing') return [{ ...file, change: 'written', diff: diffOf('', text).slice(1) }];
    return [{ ...file, change: found.kind === 'same' ? 'unchanged' : 'replaced', diff: diffOf(found.text, text) }];
  });
}

/** @throws {NotAllowedError} a file may not be written, or cannot be */
export function applyChanges(changes: readonly FileChange[]): void {
  for (const { path, text, change } of changes) {
    try {
      if (change === 'removed') rmSync(path, { force: true });
      else if (text !== undefined && change !== 'unchanged') replaceWhole(path, text);
    } catch (error) {
      throw new NotAllowedError(
        `${path}: not to be written by this user (${codeOf(error)}): make its folder one that can be written`,
      );
    }
  }
}

function refuseOthers(path: string, text: string, found: FoundFile, force: boolean, wayOut: string): void {
  if (found.kind === 'foreign') {
    throw new ServiceError('foreign', `${path} was not written by install, and is left as it is: move it away first`);
  }
  if (found.kind !== 'edited' || force) return;
  throw new InputError(`${path} was changed by hand (${diffOf(text, found.text).join(' | ')}): ${wayOut}`);
}

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onCleanUp } from './cleaner.js';

/** An empty folder, gone when the test ends. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-test-'));
  onCleanUp(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The permissions of a file or folder. */
export const modeOf = (path: string): number => statSync(path).mode & 0o777;

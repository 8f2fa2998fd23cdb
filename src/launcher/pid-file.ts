import { createHash, randomUUID } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { createWhole } from '../common/private-file.js';
import { isWholeNumber } from '../common/whole-number.js';
import { isSameStart, processStart } from './process-identity.js';
import { explain, lookAt, type FileSnapshot } from './small-file.js';

/** How long to wait while another launcher removes a stale file. */
const RETRY = { attempts: 100, pauseMs: 10 };

/** What a PID file says, as one line of JSON. */
export interface PidRecord {
  readonly pid: number;
  /** The mark of {@link processStart}; null where the operating system does not tell. */
  readonly start: string | null;
  /** When the file was taken, in milliseconds since the epoch. */
  readonly since: number;
  /** A UUID, so that no two files are the same. */
  readonly id: string;
}

/**
 * A file that one process has at a time, for as long as it runs and has not released it.
 *
 * It is made by link(2), whole and only where there is none. A stale file is removed only by the process that has taken
 * the PID file of the removal, which is named after what is to be removed. Without that, a rename or an unlink could hit
 * the file of a quicker process, which has replaced the stale one in the meantime. If the removing process is killed on
 * the way, the file of its removal is a stale PID file like any other.
 */
export class PidFile {
  private constructor(
    private readonly path: string,
    private readonly record: PidRecord,
  ) {}

  /**
   * @param base the prefix of the names of the files that removals take
   * @returns the file, or the record of the process that has it
   * @throws {NotAllowedError | InputError | LaunchError} it is not ours to write, not a file, or cannot be written
   */
  static async take(path: string, base = path): Promise<PidFile | PidRecord> {
    const { mark = null } = processStart(process.pid);
    const record: PidRecord = { pid: process.pid, start: mark, since: Date.now(), id: randomUUID() };
    for (let attempt = 1; ; attempt++) {
      if (make(path, record)) return new PidFile(path, record);
      const seen = lookAt(path);
      if (!seen) continue;
      const holder = holderIn(seen);
      if (holder) return holder;
      const remover = await removeStale(path, base, seen);
      if (!remover) continue;
      if (attempt >= RETRY.attempts) return remover;
      await delay(RETRY.pauseMs);
    }
  }

  /** The process that has taken the file; undefined where there is none, or its file is stale. */
  static holderOf(path: string): PidRecord | undefined {
    const seen = lookAt(path);
    return seen && holderIn(seen);
  }

  /** Gives the file back, and leaves alone one that another process has put in its place. Never throws. */
  release(): void {
    try {
      if (parseRecord(lookAt(this.path)?.text ?? '')?.id === this.record.id) unlinkSync(this.path);
    } catch {
      // The file is stale as soon as this process ends.
    }
  }
}

/** @returns whether there was none */
function make(path: string, record: PidRecord): boolean {
  try {
    return createWhole(path, `${JSON.stringify(record)}\n`);
  } catch (error) {
    throw explain(error, path);
  }
}

/** @returns the process that is already removing it, if there is one */
async function removeStale(path: string, base: string, seen: FileSnapshot): Promise<PidRecord | undefined> {
  const removal = await PidFile.take(`${base}.${digestOf(seen)}`, base);
  if (!(removal instanceof PidFile)) return removal;
  try {
    const now = lookAt(path);
    if (now && digestOf(now) === digestOf(seen)) unlinkSync(path);
  } catch (error) {
    throw explain(error, path);
  } finally {
    removal.release();
  }
  return undefined;
}

/** Leaves the change time out: it changes once more while a file is being made. */
function digestOf({ stats: { ino, mtimeNs }, text }: FileSnapshot): string {
  return createHash('sha256').update(`${ino} ${mtimeNs} ${text}`).digest('hex').slice(0, 32);
}

function holderIn({ text }: FileSnapshot): PidRecord | undefined {
  const record = parseRecord(text);
  return record && isSameStart(record.start, processStart(record.pid)) ? record : undefined;
}

/** @returns `undefined` for anything that is not a complete record; never throws */
export function parseRecord(text: string): PidRecord | undefined {
  try {
    const { pid, start, since, id } = (JSON.parse(text) ?? {}) as Partial<Record<keyof PidRecord, unknown>>;
    // kill(2) takes zero and less for groups of processes.
    if (!isWholeNumber(pid, 1) || !isWholeNumber(since, 1) || typeof id !== 'string') return undefined;
    return start === null || typeof start === 'string' ? { pid, start, since, id } : undefined;
  } catch {
    return undefined;
  }
}

import { createHash, randomUUID } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { createWhole } from '../common/private-file.js';
import { isSameStart, processStart } from './process-start.js';
import { explain, lookAt, type Sight } from './state-file.js';

/** While another launcher removes a stale file, which takes it less than that. */
const RETRY = { attempts: 100, pauseMs: 10 };

/** What a PID file says, as one line of JSON. */
export interface PidRecord {
  readonly pid: number;
  /** The mark of {@link processStart}; null where the operating system does not tell. */
  readonly start: string | null;
  /** When the file was taken: milliseconds since the epoch. */
  readonly since: number;
  /** Of this taking, so that no two files are the same. */
  readonly id: string;
}

/**
 * A file that one process has at a time, for as long as it runs and has not released it.
 *
 * It comes into being by link(2), whole and only where there is none. A stale one is removed only by whoever has taken
 * the PID file of the removal, which is named after what is to be removed: to rename or unlink without that could hit
 * the file of a quicker one, who has replaced the stale one in the meantime. Should that process be killed on the way,
 * the file of its removal is a stale PID file like any other.
 */
export class PidFile {
  private constructor(
    private readonly path: string,
    private readonly record: PidRecord,
  ) {}

  /**
   * @param base what the names of the files begin with that are made on the way
   * @returns the file, or what is in that of another process
   * @throws {LaunchError | InputError} it is not ours to write, or not a file
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

  /** The process that has taken the file; undefined where there is none, or a stale one. */
  static holderOf(path: string): PidRecord | undefined {
    const seen = lookAt(path);
    return seen && holderIn(seen);
  }

  /** Leaves alone what somebody has put in its place. Never throws. */
  release(): void {
    try {
      if (parseRecord(lookAt(this.path)?.text ?? '')?.id === this.record.id) unlinkSync(this.path);
    } catch {
      // It is stale when we are gone.
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

/** @returns who else is removing it, if somebody is */
async function removeStale(path: string, base: string, seen: Sight): Promise<PidRecord | undefined> {
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

/** The change time is no part of it: that of a file which is being made changes once more. */
function digestOf({ stats: { ino, mtimeNs }, text }: Sight): string {
  return createHash('sha256').update(`${ino} ${mtimeNs} ${text}`).digest('hex').slice(0, 32);
}

function holderIn({ text }: Sight): PidRecord | undefined {
  const record = parseRecord(text);
  return record && isSameStart(record.start, processStart(record.pid)) ? record : undefined;
}

/** @returns `undefined` for anything that is not a complete record; never throws */
export function parseRecord(text: string): PidRecord | undefined {
  try {
    const { pid, start, since, id } = (JSON.parse(text) ?? {}) as Partial<Record<keyof PidRecord, unknown>>;
    if (!isWhole(pid) || !isWhole(since) || typeof id !== 'string') return undefined;
    return start === null || typeof start === 'string' ? { pid, start, since, id } : undefined;
  } catch {
    return undefined;
  }
}

/** Zero and less mean groups of processes to kill(2). */
function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

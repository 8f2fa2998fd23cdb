import { existsSync } from 'node:fs';

import { InputError } from '../common/input.error.js';
import { isLogLevel, LOG_LEVELS, type LogLevel } from '../common/log-level.js';
import { logLineToText } from '../common/log-line.js';
import { printableJson, printableLine } from '../common/printable.js';
import { parseWholeNumber } from '../common/whole-number.js';
import type { Profile } from '../config/profile.js';
import { commandFor } from '../holder/describe-holder.js';
import { UNHURRIED_MS } from '../holder/who-holds.js';
import { followLog } from '../launcher/follow-log.js';
import { describeOutputOf } from '../launcher/foreground-output.js';
import { lastLines, logFileIn } from '../launcher/gateway-log.js';
import { LaunchHistory } from '../launcher/launch-history.js';
import { LaunchError } from '../launcher/launch.error.js';
import { LogReader, type LogFilter, type ReadLine } from '../launcher/read-log.js';
import { explain } from '../launcher/small-file.js';
import { ExitCode } from '../process/exit-code.js';
import { complain, wantsColor } from '../process/print.js';
import { StopSignals } from '../process/stop-signals.js';
import { readJournal } from '../service/journal.js';
import { findManagedService, isUnderManager } from '../service/managed-service.js';
import { whoHoldsProfile } from '../state-folder/who-holds-profile.js';
import { DEFAULT_LINES, type Flags } from './flags.js';
import type { Invocation, Program } from './command.js';
import { sinceOf } from './since.js';

const MAX_LINES = 1_000_000;

/**
 * Prints the log of a gateway in the background, or of one that a service manager runs; with `--follow`, until it is told
 * to stop or its reader is gone.
 */
export async function logs({ flags, profile, program }: Invocation): Promise<number> {
  const count = linesOf(flags);
  const filter: LogFilter = { since: sinceOf(flags.since), level: levelOf(flags) };
  const show = flags.json ? toJson : toText;
  const readerGone = new Promise<unknown>((resolve) => process.stdout.once('error', resolve));
  const service = await findManagedService({ program: program.name, profile: profile.name }, undefined);
  const hasFile = existsSync(logFileIn(profile.stateFolder));
  // A gateway that a launcher has started may have left a file, which says nothing of the service.
  if (service && service.logFile === undefined && (isUnderManager(service) || !hasFile)) {
    const { follow = false } = flags;
    await printJournal(service.unit, { filter, count, show, follow, readerGone });
    return ExitCode.OK;
  }
  const file = service?.logFile ?? logFileIn(profile.stateFolder);
  const foreground = service ? undefined : await foregroundGateway(profile);
  const { lines, end } = readLog(profile, file, filter, count, program, foreground);
  if (foreground !== undefined) complain(foreground);
  await Promise.race([write(count === 0 ? '' : lines.slice(-count).map(show).join('')), readerGone]);
  if (flags.follow) {
    const stop = new AbortController();
    const stopped = Promise.race([new StopSignals().first, readerGone]).then(() => stop.abort());
    await Promise.race([printFollowed(file, end, new LogReader(filter), show, stop.signal), stopped]);
  }
  return ExitCode.OK;
}

interface JournalPage {
  readonly filter: LogFilter;
  readonly count: number;
  readonly show: (line: ReadLine) => string;
  readonly follow: boolean;
  readonly readerGone: Promise<unknown>;
}

async function printJournal(unit: string, { filter, count, show, follow, readerGone }: JournalPage): Promise<void> {
  const stop = new AbortController();
  void readerGone.then(() => stop.abort());
  if (follow) void new StopSignals().first.then(() => stop.abort());
  const reader = new LogReader(filter);
  // Where lines are left out, only a look at all of them tells how many remain.
  const isSome = isFiltered(filter) && !follow;
  const lines = isSome ? undefined : count;
  const kept: ReadLine[] = [];
  for await (const bytes of readJournal(unit, { lines, follow, signal: stop.signal })) {
    const read = reader.read(bytes);
    if (isSome) kept.push(...read);
    else await Promise.race([write(read.map(show).join('')), readerGone]);
  }
  kept.push(...reader.rest());
  await Promise.race([write(count === 0 ? '' : kept.slice(-count).map(show).join('')), readerGone]);
}

async function printFollowed(
  file: string,
  offset: number,
  reader: LogReader,
  show: (line: ReadLine) => string,
  signal: AbortSignal,
): Promise<void> {
  for await (const bytes of followLog(file, offset, signal)) await write(reader.read(bytes).map(show).join(''));
}

function readLog(
  { name }: Profile,
  file: string,
  filter: LogFilter,
  count: number,
  program: Program,
  foreground: string | undefined,
): { readonly lines: readonly ReadLine[]; readonly end: number } {
  try {
    // Where lines are left out, only a look at all of them tells how many remain.
    const { lines, end } = lastLines(file, isFiltered(filter) ? Infinity : count);
    const reader = new LogReader(filter);
    return { lines: [...reader.read(lines), ...reader.rest()], end };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw explain(error, file);
    const wayOut = foreground ?? `${commandFor(name, program.name)} start makes it`;
    throw new LaunchError('no log', `there is no ${file}: ${wayOut}`);
  }
}

function isFiltered({ since, level }: LogFilter): boolean {
  return since !== undefined || level !== undefined;
}

/** Where the log of the gateway that runs now is, if no launcher has started it. */
async function foregroundGateway({ stateFolder }: Profile): Promise<string | undefined> {
  const holder = await whoHoldsProfile(stateFolder, { timeoutMs: UNHURRIED_MS });
  if (holder === undefined || holder === 'unknown') return undefined;
  const { card } = holder;
  if (LaunchHistory.read(stateFolder).launched?.pid === card.pid) return undefined;
  return `the gateway with pid ${card.pid} runs in the foreground: ${describeOutputOf(card.pid)}`;
}

function toText({ text, parsed }: ReadLine): string {
  // What is no line of ours may hold what a client has sent, as the message of an error that ends the process does.
  return `${parsed ? logLineToText(parsed, wantsColor(process.stdout)) : printableLine(text)}\n`;
}

function toJson({ text, parsed }: ReadLine): string {
  return `${printableJson(JSON.stringify(parsed ? JSON.parse(text) : { message: text }))}\n`;
}

function linesOf({ lines, limit }: Flags): number {
  if (lines !== undefined && limit !== undefined) throw new InputError('--lines and --limit mean the same: give one');
  const [flag, given] = lines === undefined ? ['--limit', limit] : ['--lines', lines];
  if (given === undefined) return DEFAULT_LINES;
  const count = parseWholeNumber(given, 0, MAX_LINES);
  if (count !== undefined) return count;
  throw new InputError(
    `${flag}: ${JSON.stringify(given)} is not a number of lines; give a whole number from 0 to ${MAX_LINES}, or leave it out`,
  );
}

function levelOf({ level }: Flags): LogLevel | undefined {
  if (level === undefined || isLogLevel(level)) return level;
  throw new InputError(`--level: ${JSON.stringify(level)} is not a level; give one of ${LOG_LEVELS.join(', ')}`);
}

/** Resolves when it is out: a pipe takes no more than its reader does. */
function write(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve());
  });
}

import { InputError } from '../common/input.error.js';
import { isLogLevel, LOG_LEVELS, logLineToText, type LogLevel } from '../common/log-line.js';
import { printableJson } from '../common/printable.js';
import type { Profile } from '../config/profile.js';
import { commandFor } from '../holder/describe-holder.js';
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
import { whoHoldsProfile } from '../state-folder/who-holds-profile.js';
import { DEFAULT_LINES, type Flags } from './flags.js';
import type { Invocation, Program } from './command.js';
import { sinceOf } from './since.js';

const MAX_LINES = 1_000_000;
/** How long a gateway may take to show its card, on a busy machine. */
const LOOK_MS = 2_000;

/** Prints the log of a gateway in the background; with `--follow`, until it is told to stop or its reader is gone. */
export async function logs({ flags, profile, program }: Invocation): Promise<number> {
  const count = linesOf(flags);
  const filter: LogFilter = { since: sinceOf(flags.since), level: levelOf(flags) };
  const foreground = await foregroundGateway(profile);
  const { lines, end } = readLog(profile, filter, count, program, foreground);
  if (foreground !== undefined) complain(foreground);
  const show = flags.json ? toJson : toText;
  const readerGone = new Promise<unknown>((resolve) => process.stdout.once('error', resolve));
  await Promise.race([write(count === 0 ? '' : lines.slice(-count).map(show).join('')), readerGone]);
  if (flags.follow) {
    const stop = new AbortController();
    const stopped = Promise.race([new StopSignals().first, readerGone]).then(() => stop.abort());
    const file = logFileIn(profile.stateFolder);
    await Promise.race([printFollowed(file, end, new LogReader(filter), show, stop.signal), stopped]);
  }
  return ExitCode.OK;
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
  { name, stateFolder }: Profile,
  filter: LogFilter,
  count: number,
  program: Program,
  foreground: string | undefined,
): { readonly lines: readonly ReadLine[]; readonly end: number } {
  const file = logFileIn(stateFolder);
  try {
    // Where some are left out, nothing but a look tells how many there are.
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
  const holder = await whoHoldsProfile(stateFolder, { timeoutMs: LOOK_MS });
  if (holder === undefined || holder === 'unknown') return undefined;
  const { card } = holder;
  if (LaunchHistory.read(stateFolder).launched?.pid === card.pid) return undefined;
  return `the gateway with pid ${card.pid} runs in the foreground: ${describeOutputOf(card.pid)}`;
}

function toText({ text, parsed }: ReadLine): string {
  return `${parsed ? logLineToText(parsed, wantsColor(process.stdout)) : text}\n`;
}

function toJson({ text, parsed }: ReadLine): string {
  return `${parsed ? text : printableJson(JSON.stringify({ message: text }))}\n`;
}

function linesOf({ lines, limit }: Flags): number {
  if (lines !== undefined && limit !== undefined) throw new InputError('--lines and --limit mean the same: give one');
  const [flag, given] = lines === undefined ? ['--limit', limit] : ['--lines', lines];
  if (given === undefined) return DEFAULT_LINES;
  if (/^(?:0|[1-9][0-9]{0,6})$/.test(given) && Number(given) <= MAX_LINES) return Number(given);
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

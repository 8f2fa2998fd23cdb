import { InputError } from '../common/input.error.js';
import type { Profile } from '../config/profile.js';
import { commandFor } from '../holder/describe-holder.js';
import { followLog } from '../launcher/follow-log.js';
import { lastLines, logFileIn } from '../launcher/gateway-log.js';
import { LaunchError } from '../launcher/launch.error.js';
import { explain } from '../launcher/small-file.js';
import { ExitCode } from '../process/exit-code.js';
import { StopSignals } from '../process/stop-signals.js';
import { DEFAULT_LINES, type Flags } from './flags.js';
import type { Invocation, Program } from './command.js';

const MAX_LINES = 1_000_000;

/** Prints the log of a gateway in the background; with `--follow`, until it is told to stop or its reader is gone. */
export async function logs({ flags, profile, program }: Invocation): Promise<number> {
  const { lines, end } = readLog(profile, linesOf(flags), program);
  const readerGone = new Promise<unknown>((resolve) => process.stdout.once('error', resolve));
  await Promise.race([write(lines), readerGone]);
  if (flags.follow) {
    const stop = new AbortController();
    const stopped = Promise.race([new StopSignals().first, readerGone]).then(() => stop.abort());
    await Promise.race([printFollowed(logFileIn(profile.stateFolder), end, stop.signal), stopped]);
  }
  return ExitCode.OK;
}

async function printFollowed(file: string, offset: number, signal: AbortSignal): Promise<void> {
  for await (const text of followLog(file, offset, signal)) await write(text);
}

function readLog({ name, stateFolder }: Profile, count: number, program: Program): ReturnType<typeof lastLines> {
  const file = logFileIn(stateFolder);
  try {
    return lastLines(file, count);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw explain(error, file);
    throw new LaunchError('no log', `there is no ${file}: ${commandFor(name, program.name)} start makes it`);
  }
}

function linesOf({ lines }: Flags): number {
  if (lines === undefined) return DEFAULT_LINES;
  if (/^(?:0|[1-9][0-9]{0,6})$/.test(lines) && Number(lines) <= MAX_LINES) return Number(lines);
  throw new InputError(
    `--lines: ${JSON.stringify(lines)} is not a number of lines; give a whole number from 0 to ${MAX_LINES}, or leave it out`,
  );
}

/** Resolves when it is out: a pipe takes no more than its reader does. */
function write(text: Buffer): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve());
  });
}

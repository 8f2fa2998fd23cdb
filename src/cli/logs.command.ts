import { Option, SubCommand } from 'nest-commander';

import { ExitCode } from '../process/exit-code.js';
import { commandFor } from '../holder/describe-holder.js';
import { followLog } from '../launcher/follow-log.js';
import { lastLines, logFileIn } from '../launcher/gateway-log.js';
import { LaunchError } from '../launcher/launch.error.js';
import { explain } from '../launcher/state-file.js';
import { InputError } from '../common/input.error.js';
import type { Profile } from '../config/profile.js';
import { StopSignals } from '../process/stop-signals.js';
import { AddressCommand } from './address-command.js';

const DEFAULT_LINES = 100;
const MAX_LINES = 1_000_000;
const FLAGS = ['profile', 'dev', 'follow', 'lines'];

@SubCommand({ name: 'logs', description: 'print the log of a gateway that was started in the background' })
export class LogsCommand extends AddressCommand {
  async run(_args: string[], { follow = false, lines: count }: { follow?: boolean; lines?: string }): Promise<void> {
    this.#refuseUnused();
    const profile = this.profile();
    const file = logFileIn(profile.stateFolder);
    const { lines, end } = readLog(profile, count === undefined ? DEFAULT_LINES : parseLines(count));
    // Whoever reads has seen enough.
    process.stdout.on('error', () => process.exit(ExitCode.OK));
    const stop = new AbortController();
    if (follow) void new StopSignals(() => process.exit(ExitCode.OK)).first.then(() => stop.abort());
    await print(lines);
    if (follow) {
      for await (const text of followLog(file, end, stop.signal)) await print(text);
    }
    process.exit(ExitCode.OK);
  }

  /** A log is that of a profile, wherever its gateway listens. */
  #refuseUnused(): void {
    const unused = Object.keys(this.addressFlags()).find((flag) => !FLAGS.includes(flag));
    if (unused !== undefined) throw new InputError(`--${unused}: logs takes --profile or --dev: leave it out`);
  }

  @Option({ flags: '-f, --follow', description: 'go on with what is written from now on, until Ctrl-C' })
  readFollow(): boolean {
    return true;
  }

  @Option({ flags: '-n, --lines <n>', description: `how many lines from the end (default: ${DEFAULT_LINES})` })
  readLines(text: string): string {
    return text;
  }
}

function readLog({ name, stateFolder }: Profile, count: number): ReturnType<typeof lastLines> {
  const file = logFileIn(stateFolder);
  try {
    return lastLines(file, count);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw explain(error, file);
    throw new LaunchError('no log', `there is no ${file}: ${commandFor(name)} start makes it`);
  }
}

function parseLines(text: string): number {
  if (/^(?:0|[1-9][0-9]{0,6})$/.test(text) && Number(text) <= MAX_LINES) return Number(text);
  throw new InputError(
    `--lines: ${JSON.stringify(text)} is not a number of lines; give a whole number from 0 to ${MAX_LINES}, or leave it out`,
  );
}

/** Resolves when it is out: a pipe takes no more than its reader does. */
function print(text: Buffer): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve());
  });
}

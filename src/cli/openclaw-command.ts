import { CommandRunner } from 'nest-commander';

import { ExitCode } from '../process/exit-code.js';
import { packageVersion } from '../common/package-version.js';

type Command = Parameters<CommandRunner['setCommand']>[0];

/** What all commands have in common: nothing is ignored that was typed, and wrong use has its own exit code. */
export abstract class OpenclawCommand extends CommandRunner {
  override setCommand(command: Command): this {
    command
      .version(packageVersion())
      .allowExcessArguments(false)
      .enablePositionalOptions()
      .exitOverride(exitAfterParsing);
    return super.setCommand(command);
  }
}

/** The parser has printed help, the version or what is wrong; commander's own exit code for the last is 1. */
export function exitAfterParsing(outcome: Error & { exitCode?: number }): never {
  process.exit(outcome.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE);
}

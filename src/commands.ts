import { CommandFactory } from 'nest-commander';

import { packageVersion } from './holder/package-version.js';
import { exitWith } from './report.js';
import { CliModule } from './cli/cli.module.js';
import { exitAfterParsing } from './cli/openclaw-command.js';

/** Reads the command line of this process, and does what it says. */
export async function runCommands(): Promise<void> {
  await CommandFactory.run(CliModule, {
    logger: false,
    cliName: 'openclaw',
    version: packageVersion(),
    errorHandler: exitAfterParsing,
    serviceErrorHandler: exitWith,
  });
}

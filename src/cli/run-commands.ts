import { CommandFactory } from 'nest-commander';

import { packageVersion } from '../common/package-version.js';
import { exitWith } from '../process/report.js';
import { CliModule } from './cli.module.js';
import { exitAfterParsing } from './openclaw-command.js';

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

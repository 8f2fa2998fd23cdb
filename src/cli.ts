#!/usr/bin/env node
import { CommandFactory } from 'nest-commander';

import { CliModule } from './cli/cli.module.js';
import { exitAfterParsing } from './cli/openclaw-command.js';
import { packageVersion } from './holder/package-version.js';
import { complain } from './report.js';
import { describeError, exitCodeOf } from './exit-code.js';

await CommandFactory.run(CliModule, {
  logger: false,
  cliName: 'openclaw',
  version: packageVersion(),
  errorHandler: exitAfterParsing,
  serviceErrorHandler: (error) => {
    complain(describeError(error));
    process.exit(exitCodeOf(error));
  },
});

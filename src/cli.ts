import { endCommand, failCommand } from './process/command-process.js';
import { runCommandLine } from './cli/command-line.js';
import { OPENCLAW } from './cli/openclaw.js';
import { ExitCode } from './process/exit-code.js';

// A command that waits for what never comes lets the process end, and has not done what it was asked for.
process.exitCode = ExitCode.UNEXPECTED;
// A module of the gateway may have left something open, which would keep the process.
runCommandLine(process.argv.slice(2), OPENCLAW).then(endCommand, failCommand);

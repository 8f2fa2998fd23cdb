#!/usr/bin/env node
import './process/no-inspector.js';
import { runCommandLine } from './cli/command-line.js';
import { OPENCLAW } from './cli/openclaw.js';
import { ExitCode } from './process/exit-code.js';
import { OutputWatch } from './process/output-watch.js';
import { exitWith } from './process/report-failure.js';

// A command that waits for what never comes lets the process end, and has not done what it was asked for.
process.exitCode = ExitCode.UNEXPECTED;
const output = new OutputWatch();
// A module of the gateway may have left something open, which would keep the process.
runCommandLine(process.argv.slice(2), OPENCLAW).then(
  async (code) => process.exit(await output.exitCode(code)),
  exitWith,
);

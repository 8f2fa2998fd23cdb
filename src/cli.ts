#!/usr/bin/env node
import './process/no-inspector.js';
import { runCommandLine } from './cli/command-line.js';
import { OPENCLAW } from './cli/openclaw.js';
import { OutputWatch } from './process/output.js';
import { exitWith } from './process/report.js';

const output = new OutputWatch();
// A module of the gateway may have left something open, which would keep the process.
runCommandLine(process.argv.slice(2), OPENCLAW).then(
  async (code) => process.exit(await output.exitCode(code)),
  exitWith,
);

#!/usr/bin/env node
import { runCommandLine } from './cli/command-line.js';
import { OPENCLAW } from './cli/openclaw.js';
import { exitWith } from './process/report.js';

// A module of the gateway may have left something open, which would keep the process.
runCommandLine(process.argv.slice(2), OPENCLAW).then((code) => process.exit(code), exitWith);

#!/usr/bin/env node
import { parsePlainStart } from './cli/plain-start.js';
import { serve } from './cli/serve.js';
import { resolveProfile } from './config/profile.js';
import { exitWith } from './process/report.js';

async function main(): Promise<void> {
  const flags = parsePlainStart(process.argv.slice(2));
  if (flags) process.exit(await serve(resolveProfile(flags), flags));
  const { runCommands } = await import('./cli/run-commands.js');
  await runCommands();
}

main().catch(exitWith);

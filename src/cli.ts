#!/usr/bin/env node
import { parsePlainStart } from './cli/plain-start.js';
import { serve } from './cli/serve.js';
import { resolveProfile } from './profile/profile.js';
import { exitWith } from './report.js';

const flags = parsePlainStart(process.argv.slice(2));
try {
  if (flags) process.exit(await serve(resolveProfile(flags), flags));
  await (await import('./commands.js')).runCommands();
} catch (error) {
  exitWith(error);
}

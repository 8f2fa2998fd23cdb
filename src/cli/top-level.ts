import { GATEWAY, SUB_COMMANDS } from './command-table.js';
import type { CommandEntry } from './command.js';

/** What may follow the name of our own program: a few of the commands below `gateway` need no more to be typed. */
export const TOP_LEVEL: readonly CommandEntry[] = [
  GATEWAY,
  SUB_COMMANDS.status,
  SUB_COMMANDS.health,
  SUB_COMMANDS.logs,
  SUB_COMMANDS.start,
  SUB_COMMANDS.stop,
  SUB_COMMANDS.restart,
  SUB_COMMANDS.doctor,
  {
    name: 'completion',
    description: 'print the completion script for a shell: bash, zsh or fish',
    argument: '<shell>',
    flags: {},
    load: async () => (await import('./completion.command.js')).completionOf(TOP_LEVEL),
  },
];

import { Command, CommanderError } from 'commander';

import { GATEWAY, PROFILE_FLAGS, SUB_COMMANDS } from './command-table.js';
import type { CommandEntry, Program } from './command.js';
import { addFlags, describeCommand, exitCodeOfParser, runCommand } from './describe-command.js';

/**
 * Reads a command line, and does what it says. Without Nest, whose loading would take longer than most commands do.
 *
 * @param args what follows the script
 * @returns the exit code
 */
export async function runCommandLine(args: readonly string[], program: Program): Promise<number> {
  let exitCode: number | undefined;
  const root = new Command(program.name).version(program.version).enablePositionalOptions().exitOverride();
  addFlags(root, PROFILE_FLAGS);

  const add = (parent: Command, entry: CommandEntry): Command => {
    const command = describeCommand(new Command(entry.name), entry, program).exitOverride();
    parent.addCommand(command);
    return command.action(async () => {
      const before = parent === root ? {} : parent.opts();
      const typed = { own: command.opts(), before, first: root.opts() };
      exitCode = await runCommand(entry, typed, command.args, program);
    });
  };
  const gateway = add(root, GATEWAY);
  for (const entry of Object.values(SUB_COMMANDS)) add(gateway, entry);

  try {
    await root.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return exitCodeOfParser(error);
  }
  if (exitCode === undefined) throw new Error(`no command has run: ${args.join(' ')}`);
  return exitCode;
}

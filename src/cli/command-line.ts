import { Command, CommanderError } from 'commander';

import { GATEWAY, SUB_COMMANDS } from './command-table.js';
import type { CommandEntry, Program } from './command.js';
import { addFlags, describeCommand, exitCodeOfParser, nameWayOut, runCommand } from './describe-command.js';
import { helpPageText, PROGRAM_PAGE } from './help-pages.js';
import { PROFILE_FLAGS } from './shared-flags.js';
import { TOP_LEVEL } from './top-level.js';

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
  nameWayOut(root);
  root
    .option('--no-color', 'no colours, anywhere on the line; as NO_COLOR=1 does')
    .addHelpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', helpPageText(PROGRAM_PAGE, program.name));

  const isHelp = mayAskForHelp(args);
  const add = (parent: Command, entry: CommandEntry): Command => {
    const command = new Command(entry.name).exitOverride((outcome) => {
      exitCode = exitCodeOfParser(outcome, entry);
      throw outcome;
    });
    // A description of each flag of every command would take longer than what is typed.
    if (isHelp || args.includes(entry.name)) describeCommand(command, entry, program);
    parent.addCommand(command);
    return command.action(async () => {
      const before = parent === root ? {} : parent.opts();
      const typed = { own: command.opts(), before, first: root.opts() };
      exitCode = await runCommand(entry, typed, command.args, program);
    });
  };
  for (const entry of TOP_LEVEL) {
    const command = add(root, entry);
    if (entry === GATEWAY) for (const below of Object.values(SUB_COMMANDS)) add(command, below);
  }

  try {
    await root.parseAsync(withHelpFlag(withoutColorFlag(args)), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return exitCode ?? exitCodeOfParser(error);
  }
  if (exitCode === undefined) throw new Error(`no command has run: ${args.join(' ')}`);
  return exitCode;
}

/** Help names all commands with what they take. `-h` may stand among other letters. */
function mayAskForHelp(args: readonly string[]): boolean {
  return args.length === 0 || args.some((arg) => (arg.startsWith('-') ? arg.includes('h') : arg === 'help'));
}

/** It may stand anywhere, also where a command has no such flag. */
function withoutColorFlag(args: readonly string[]): readonly string[] {
  if (!args.includes('--no-color')) return args;
  process.env['NO_COLOR'] = '1';
  delete process.env['FORCE_COLOR'];
  return args.filter((arg) => arg !== '--no-color');
}

/** `help gateway status` and `gateway help status` are `gateway status --help`, which the parser knows by itself. */
function withHelpFlag(args: readonly string[]): readonly string[] {
  if (args.length === 0) return ['--help'];
  const at = args[0] === GATEWAY.name && args[1] === 'help' ? 1 : 0;
  if (args[at] !== 'help') return args;
  const words = args.toSpliced(at, 1);
  // The parser itself reports a word that is unknown.
  return words.every(isCommand) ? [...words, '--help'] : words;
}

function isCommand(word: string, depth: number, [first]: readonly string[]): boolean {
  if (depth === 0) return TOP_LEVEL.some(({ name }) => name === word);
  return depth === 1 && first === GATEWAY.name && Object.hasOwn(SUB_COMMANDS, word);
}
